/** Many commands, one transaction. */
import { extend, removeKeyAfterMs } from '../../domain/access-horizon.ts'
import type { Failure } from '../../domain/failure.ts'
import type { Revocation, RevocationCommand } from '../../domain/revocation.ts'
import { raisesCounter } from '../../domain/revocation.ts'
import type {
  JoinSessionCommand,
  OpenSessionCommand,
  RedeemCommand,
  RotateCommand,
} from '../../ports/store.ts'
import type { Answer, Command } from '../commands.ts'
import { endedBy } from './admission.ts'
import type { Connection } from './connection.ts'
import { createClient, createSubject, updateClient, updateSubject } from './directory.ts'
import { accessOf, readHorizonFor, runMove, type KnownHorizon } from './horizon.ts'
import { rewriteKey, rotateKeys } from './keys.ts'
import { readKnown, readLifetimes, runAppend, runAppendAlone, runRaise, runNotify } from './log.ts'
import { sweep } from './maintenance.ts'
import { nothingKnown, Numbering } from './numbering.ts'
import type { RecentMap } from '../../domain/recent-map.ts'
import { runJoin } from './session-joins.ts'
import { runRedeem } from './redeem.ts'
import { mayExtend, runAddSuccessors, runOpen, runRotate, type Rotated } from './sessions.ts'
import { advance, fence, type Tail } from './streams.ts'
import { addTicket, countAttempt, putTicket, takeTicket } from './tickets.ts'

/** The outcome of a batch, if it is committed. */
export interface Outcome {
  /** One for each command, in order. */
  readonly answers: readonly Answer[]
  /** What the batch adds to the log, in order. */
  readonly entries: readonly Revocation[]
  readonly tail: Tail
  readonly horizon: KnownHorizon
}

/** Why this process writes no more, where another one writes its stream. */
export const REPLACED = 'another process has taken the stream of this node'

/** This process may not write any more; the message says why. */
export class Fenced extends Error {
  override readonly name = 'Fenced'
}

export interface Target {
  readonly connection: Connection
  readonly stream: string
  readonly tail: Tail
  /** What this node has read of the access horizon. */
  readonly horizon: KnownHorizon
  readonly lifetimes: RecentMap<string, number>
  /** Whether other nodes are notified. */
  readonly notifier: boolean
  /**
   * Called before anything is sent that commits. Where the connection is lost after that, the batch
   * is in doubt, and this is what it came to if it was committed.
   */
  readonly committing: (outcome: Outcome) => void
}

/**
 * Runs commands that `admission.ts` let into one batch.
 *
 * @throws {Fenced} Where the stream has another writer. Nothing was stored.
 * @throws The database's error; nothing was stored, unless the connection was lost after
 *   `committing` was called.
 */
export async function runBatch(target: Target, commands: readonly Command[]): Promise<Outcome> {
  const narrow = commands.every(([name, input]) => name === 'revoke' && !raisesCounter(input))
  const outcome = narrow ? await appendAlone(target, commands) : undefined
  return outcome ?? transact(target, commands)
}

/** The short way: one statement. Undefined where it is not all that is to be done. */
async function appendAlone(
  target: Target,
  commands: readonly Command[],
): Promise<Outcome | undefined> {
  const { connection, stream, tail, horizon, notifier } = target
  const revocations = commands.map(([, input]) => input as RevocationCommand)
  const lifetimesMs = await readLifetimes(connection, target.lifetimes, revocations)
  const known = { ...nothingKnown, lifetimesMs }
  const numbering = new Numbering(stream, tail, horizon.horizon, known)
  const answers = revocations.map((revocation) => numbering.revoke(revocation))
  const outcome = outcomeOf(target, horizon, numbering, answers)
  target.committing(outcome)
  const { head, hash, entries } = numbering
  const next = { head, hash, entries, version: horizon.version }
  const { other, written } = await runAppendAlone(connection, stream, tail, next, notifier)
  if (written) return outcome
  if (other) return undefined
  throw new Fenced(REPLACED)
}

function outcomeOf(
  { tail }: Target,
  horizon: KnownHorizon,
  numbering: Numbering,
  answers: readonly Answer[],
): Outcome {
  return {
    answers,
    horizon,
    entries: numbering.entries,
    tail: { ...tail, batch: tail.batch + 1, head: numbering.head, hash: numbering.hash },
  }
}

/**
 * The long way, two round trips: everything whose answer the database knows, then what depends on
 * it together with the COMMIT, so that every answer is known before the moment of doubt begins.
 */
async function transact(target: Target, commands: readonly Command[]): Promise<Outcome> {
  const { connection, stream, tail } = target
  try {
    const begun = connection.command('BEGIN')
    const fenced = connection.run(fence, [stream, tail.epoch, tail.batch])
    const work = new Work(target, commands)
    const [, rows, prepared] = await Promise.all([begun, fenced, work.send()])
    if (rows.length === 0) throw new Fenced(REPLACED)
    const numbering = new Numbering(stream, tail, prepared.horizon.horizon, prepared.known)
    const answers = work.answer(prepared, numbering)
    const outcome = outcomeOf(target, prepared.horizon, numbering, answers)
    target.committing(outcome)
    await commit(target, numbering, prepared)
    return outcome
  } catch (error) {
    // Where the connection is gone the server rolls back by itself.
    if (!connection.lost) await connection.command('ROLLBACK').catch(() => undefined)
    throw error
  }
}

async function commit(
  target: Target,
  numbering: Numbering,
  { rotations, horizon, moved }: Prepared,
): Promise<void> {
  const { connection, stream, notifier } = target
  const { entries, raised, head, hash } = numbering
  const sent: Promise<unknown>[] = []
  const successors = rotations.flatMap(({ successor }) => successor ?? [])
  if (moved) sent.push(runMove(connection, horizon))
  if (successors.length > 0) sent.push(runAddSuccessors(connection, successors))
  if (entries.length > 0) {
    sent.push(runAppend(connection, stream, entries))
    if (raised.length > 0) sent.push(runRaise(connection, raised))
    sent.push(connection.run(advance, [stream, head, hash]))
    if (notifier) sent.push(runNotify(connection, `log ${stream}`))
  }
  const committed = connection.command('COMMIT')
  // The first error is the cause; those behind it only say that the transaction had failed.
  await Promise.all([...sent, committed])
  // A transaction that failed answers COMMIT with ROLLBACK, and not with an error.
  if ((await committed) !== 'COMMIT') throw new Error('the transaction was rolled back')
}

interface Horizons {
  readonly before: KnownHorizon
  readonly after: KnownHorizon
}

type Prepared = Awaited<ReturnType<Work['send']>>

/** The commands of one batch by kind, with their places in it. */
class Work {
  readonly #target: Target
  readonly #commands: readonly Command[]
  readonly #opens: OpenSessionCommand[] = []
  readonly #joins: JoinSessionCommand[] = []
  readonly #redeems: RedeemCommand[] = []
  readonly #rotates: RotateCommand[] = []
  readonly #revokes: RevocationCommand[] = []

  constructor(target: Target, commands: readonly Command[]) {
    this.#target = target
    this.#commands = commands
    for (const [name, input] of commands) {
      if (name === 'openSession') this.#opens.push(input)
      else if (name === 'joinSession') this.#joins.push(input)
      else if (name === 'redeem') this.#redeems.push(input)
      else if (name === 'rotate') this.#rotates.push(input)
      else if (name === 'revoke') this.#revokes.push(input)
    }
  }

  /** Sends everything in the order of the kinds, and only then waits. */
  async send() {
    const { connection, lifetimes } = this.#target
    // First, because what comes after it reads counters: see `horizon.ts`.
    const horizon = this.#readHorizon()
    const small = this.#commands.map((command) => runSmall(connection, command, horizon))
    const opened = this.#opens.length > 0 ? runOpen(connection, this.#opens) : []
    const redeeming = this.#redeems.length > 0 ? runRedeem(connection, this.#redeems) : []
    const joined = this.#joins.length > 0 ? runJoin(connection, this.#joins) : []
    const rotated = this.#rotates.length > 0 ? runRotate(connection, this.#rotates) : []
    const known =
      this.#revokes.length > 0 ? readKnown(connection, lifetimes, this.#revokes) : nothingKnown
    const [
      { before, after },
      smallAnswers,
      openAnswers,
      redemptions,
      joinAnswers,
      rotations,
      entries,
    ] = await Promise.all([horizon, Promise.all(small), opened, redeeming, joined, rotated, known])
    const moved = after !== before
    const redeemed = this.#redeems.flatMap((command) => ('join' in command ? [] : command.session))
    const begun = [...this.#opens, ...redeemed]
    for (const { sid, accessLifetimeMs } of begun) lifetimes.set(sid, accessLifetimeMs)
    const answers = { smallAnswers, openAnswers, redemptions, joinAnswers, rotations }
    return { horizon: after, moved, ...answers, known: entries }
  }

  /** The horizon as it was found, and as it is once the batch is committed. */
  async #readHorizon(): Promise<Horizons> {
    const { connection, horizon: known } = this.#target
    const before = await readHorizonFor(connection, this.#commands, known)
    const horizon = extend(before.horizon, accessOf(this.#commands))
    const moved = { version: before.version + 1, horizon }
    return { before, after: horizon === before.horizon ? before : moved }
  }

  /** One answer for each command, in the order in which they were asked for. */
  answer(prepared: Prepared, numbering: Numbering): readonly Answer[] {
    const opens = prepared.openAnswers.values()
    const redemptions = prepared.redemptions.values()
    const joins = prepared.joinAnswers.values()
    const rotations = prepared.rotations.values()
    return this.#commands.map(([name, input], index): Answer => {
      if (name === 'openSession') return opens.next().value ?? unanswered
      if (name === 'redeem') return redemptions.next().value ?? unanswered
      if (name === 'joinSession') return joins.next().value ?? unanswered
      if (name === 'rotate') return answerRotation(rotations.next().value, numbering)
      if (name === 'revoke') return numbering.revoke(input)
      return prepared.smallAnswers[index] ?? unanswered
    })
  }
}

/** What was revoked by an earlier command of the batch is not rotated: see `admission.ts`. */
function answerRotation(rotated: Rotated | undefined, numbering: Numbering): Answer {
  if (rotated === undefined) return unanswered
  const { outcome, session } = rotated
  const ended = session !== undefined && endedBy(numbering.entries, session)
  return { value: ended ? { kind: 'revoked' } : outcome }
}

const unanswered: { readonly failure: Failure } = {
  failure: { kind: 'internal', reason: 'the database gave no answer for a command' },
}

/** The kinds that are one statement each. The others are undefined here. */
async function runSmall(
  connection: Connection,
  command: Command,
  horizon: Promise<Horizons>,
): Promise<Answer | undefined> {
  switch (command[0]) {
    case 'createSubject':
      return createSubject(connection, command[1])
    case 'updateSubject':
      return updateSubject(connection, command[1], command[2])
    case 'createClient':
      return createClient(connection, command[1])
    case 'updateClient':
      return updateClient(connection, command[1], command[2])
    case 'putTicket':
      return { value: await putTicket(connection, command[1]) }
    case 'addTicket':
      return { value: await addTicket(connection, command[1], command[2]) }
    case 'takeTicket':
      return { value: await takeTicket(connection, command[1], command[2]) }
    case 'countAttempt':
      return { value: await countAttempt(connection, command[1], command[2]) }
    case 'rewriteKey':
      return { value: await rewriteKey(connection, command[1], command[2]) }
    case 'rotateKeys': {
      const [, next, atMs, unlessPresent] = command
      const removeAfterMs = removeKeyAfterMs((await horizon).after.horizon, atMs)
      return {
        value: await rotateKeys(connection, next, { atMs, removeAfterMs }, unlessPresent),
      }
    }
    case 'extendAccess':
      return { value: await mayExtend(connection, command[1]) }
    case 'sweep':
      return { value: await sweep(connection, command[1], command[2]) }
    // The fence is a write of its own, so an empty transaction proves that one can be committed.
    case 'probe':
      return { value: undefined }
    case 'openSession':
    case 'joinSession':
    case 'redeem':
    case 'rotate':
    case 'revoke':
      return undefined
  }
}
