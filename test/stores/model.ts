/** What a store should do, in memory and one thing after another: the model of `model.test.ts`. */
import type { RevocationCommand } from '../../src/domain/revocation.ts'
import { grantKey, isWide } from '../../src/domain/scope.ts'
import type { OpenSessionCommand, RotateCommand } from '../../src/ports/store.ts'

interface Opened {
  readonly command: OpenSessionCommand
  readonly counters: readonly number[]
}

interface Token {
  readonly sid: string
  readonly secretHash: string
  readonly expiresAtMs: number
  used?: { readonly atMs: number; readonly graceUntilMs: number; readonly answer: string }
}

export class Model {
  readonly log: { readonly id: string; readonly generation: number }[] = []
  readonly #ended = new Map<string, string>()
  readonly #counters = new Map<string, { readonly generation: number; readonly id: string }>()
  readonly #sessions = new Map<string, Opened>()
  readonly #tokens = new Map<string, Token>()

  revoke(command: RevocationCommand): string {
    const place = `${command.scope} ${command.key}`
    if (!isWide(command.scope)) {
      const earlier = this.#ended.get(place)
      if (earlier !== undefined) return `was ended by ${earlier}`
      this.#ended.set(place, command.id)
      return this.#append(command.id, 0)
    }
    const counter = this.#counters.get(place)
    const seen = command.ifGeneration
    if (counter && seen !== undefined && counter.generation > seen) {
      return `was ended by ${counter.id}`
    }
    const generation = (counter?.generation ?? 0) + 1
    this.#counters.set(place, { generation, id: command.id })
    return this.#append(command.id, generation)
  }

  openSession(command: OpenSessionCommand): string {
    if (this.#sessions.has(command.sid)) return 'conflict'
    if (this.#ended.has(`session ${command.sid}`)) return 'token_revoked'
    const token = command.refreshToken
    if (token && this.#tokens.has(token.id)) return 'conflict'
    const counters = this.#countersOf(command)
    this.#sessions.set(command.sid, { command, counters })
    if (token) this.#tokens.set(token.id, { sid: command.sid, ...token })
    return counters.join()
  }

  rotate(command: RotateCommand): string {
    const token = this.#tokens.get(command.id)
    const opened = token && this.#sessions.get(token.sid)
    if (!token || !opened || token.secretHash !== command.secretHash) return 'unknown'
    if (this.isRevoked(token.sid)) return 'revoked'
    if (command.nowMs > Math.min(token.expiresAtMs, opened.command.expiresAtMs)) return 'expired'
    if (token.used) {
      const until = Math.min(token.used.graceUntilMs, token.used.atMs + command.graceMs)
      return command.nowMs < until ? `replayed ${token.used.answer}` : 'reused'
    }
    const { successor, nowMs, graceMs } = command
    if (successor && this.#tokens.has(successor.id)) return 'conflict'
    if (successor) this.#tokens.set(successor.id, { sid: token.sid, ...successor })
    const answer = Buffer.from(command.sealedAnswer).toString('hex')
    // Without a grace there is no answer to give again, even to a clock that went back.
    token.used = { atMs: nowMs, graceUntilMs: graceMs > 0 ? nowMs + graceMs : -Infinity, answer }
    return 'rotated'
  }

  isRevoked(sid: string): boolean {
    const opened = this.#sessions.get(sid)
    if (!opened) return false
    const now = this.#countersOf(opened.command)
    const overtaken = opened.counters.some((counter, index) => counter < (now[index] ?? 0))
    return overtaken || this.#ended.has(`session ${sid}`)
  }

  /** Newest first. */
  liveSessions(nowMs: number): readonly string[] {
    return [...this.#sessions.values()]
      .filter(({ command }) => nowMs <= command.expiresAtMs && !this.isRevoked(command.sid))
      .map(({ command }) => command.sid)
      .toReversed()
  }

  #append(id: string, generation: number): string {
    this.log.push({ id, generation })
    return `added ${this.log.length} ${generation}`
  }

  /** In the order everyone, subject, client, grant, device. */
  #countersOf({ subjectId, clientId, deviceKey }: OpenSessionCommand): number[] {
    const places = [
      'everyone *',
      `subject ${subjectId}`,
      `client ${clientId}`,
      `grant ${grantKey(clientId, subjectId)}`,
    ]
    const counters = places.map((place) => this.#counters.get(place)?.generation ?? 0)
    const device = deviceKey === undefined ? undefined : this.#counters.get(`device ${deviceKey}`)
    return [...counters, device?.generation ?? 0]
  }
}
