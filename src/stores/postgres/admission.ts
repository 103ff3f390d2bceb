/**
 * Which commands may share a transaction. A batch runs by kind, not in the order of its commands:
 * small changes, then openings, then joins, then rotations, then revocations. That is the same as
 * running them one after another as long as no command meets another that its kind has overtaken;
 * where it would, the batch ends before it.
 *
 * A rotation names its token, not its session, so whether a revocation that was asked for earlier
 * concerns it is only known afterwards: `endedBefore` answers that, and the rotation is refused.
 */
import type { Revocation, RevocationCommand } from '../../domain/revocation.ts'
import { keyOf, scopeRow, scopes } from '../../domain/scope.ts'
import { namesOfSession, type Session } from '../../domain/session.ts'
import type { OpenSessionCommand, RedeemCommand, RotateCommand } from '../../ports/store.ts'
import type { Command } from '../commands.ts'

export class Admission {
  /** `scope key` of revocations. */
  readonly #ended = new Set<string>()
  readonly #sids = new Set<string>()
  readonly #openedTokens = new Set<string>()
  readonly #rotatedTokens = new Set<string>()
  /** `kind key` of tickets. */
  readonly #redeemed = new Set<string>()
  #opens = 0
  #rotates = 0

  /** False where the command has to wait for the next batch. */
  admit([name, input]: Command): boolean {
    switch (name) {
      case 'revoke':
        return this.#revoke(input)
      case 'openSession':
        return this.#open(input)
      case 'joinSession':
        return this.#open({ ...input.session, ...input })
      case 'redeem':
        return this.#redeem(input)
      case 'rotate':
        return this.#rotate(input)
      case 'createSubject':
      case 'updateSubject':
      case 'createClient':
      case 'updateClient':
        return this.#opens === 0
      case 'sweep':
        return this.#opens + this.#rotates === 0
      // Runs before openings and revocations, and does not name what could end its session.
      case 'extendAccess':
        return this.#opens === 0 && this.#ended.size === 0
      case 'putTicket':
      case 'addTicket':
      case 'takeTicket':
      case 'countAttempt':
        return this.#redeemed.size === 0
      case 'rotateKeys':
      case 'rewriteKey':
      case 'probe':
        return true
    }
  }

  #revoke({ scope, issuer = '', key }: RevocationCommand): true {
    if (issuer === '') this.#ended.add(`${scope} ${key}`)
    return true
  }

  /** Of one session there is one opening or join in a batch, so that none overtakes another. */
  #open(command: Opening): boolean {
    const { sid, refreshToken } = command
    if (endings(command).some((name) => this.#ended.has(name)) || this.#sids.has(sid)) return false
    const token = refreshToken?.id
    if (token !== undefined) {
      if (this.#openedTokens.has(token) || this.#rotatedTokens.has(token)) return false
      this.#openedTokens.add(token)
    }
    this.#sids.add(sid)
    this.#opens++
    return true
  }

  #redeem(command: RedeemCommand): boolean {
    const { kind, key } = command.ticket
    const name = `${kind} ${key}`
    const opening =
      'join' in command ? { ...command.join.session, ...command.join } : command.session
    if (this.#redeemed.has(name) || !this.#open(opening)) return false
    this.#redeemed.add(name)
    return true
  }

  #rotate({ id, successor }: RotateCommand): boolean {
    const named = successor === undefined ? [id] : [id, successor.id]
    if (named.some((token) => this.#rotatedTokens.has(token))) return false
    if (successor !== undefined && this.#openedTokens.has(successor.id)) return false
    for (const token of named) this.#rotatedTokens.add(token)
    this.#rotates++
    return true
  }
}

type Named = Pick<Session, 'sid' | 'subjectId' | 'clientId' | 'deviceKey'>

type Opening = Named & Pick<OpenSessionCommand, 'refreshToken'>

/** Every revocation that could end such a session, as `scope key`. */
function endings(session: Named): readonly string[] {
  const names = namesOfSession(session)
  return scopes.flatMap((scope) => {
    const key = keyOf(scopeRow(scope), names)
    return key === undefined ? [] : [`${scope} ${key}`]
  })
}

/** Whether one of these entries ends that session, which was opened before them. */
export function endedBy(entries: readonly Revocation[], session: Named): boolean {
  const names = new Set(endings(session))
  return entries.some(({ scope, issuer, key }) => issuer === '' && names.has(`${scope} ${key}`))
}
