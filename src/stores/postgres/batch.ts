/** Many commands, one transaction. */
import type { Failure } from '../../domain/failure.ts'
import type { Revocation, RevocationCommand } from '../../domain/revocation.ts'
import { isWide } from '../../domain/scope.ts'
import type { OpenSessionCommand, RotateCommand } from '../../ports/store.ts'
import type { Answer, Command } from '../commands.ts'
import { endedBy } from './admission.ts'
import type { Connection } from './connection.ts'
import { createClient, createSubject, updateClient, updateSubject } from './directory.ts'
import { rotateKeys } from './keys.ts'
import { readKnown, runAppend, runAppendAlone, runRaise, runRing } from './log.ts'
import { sweep } from './maintenance.ts'
import { nothingKnown, Numbering } from './numbering.ts'
import { runAddSuccessors, runOpen, runRotate, type Rotated } from './sessions.ts'
import { advance, fence, type Tail } from './streams.ts'
import { addTicket, countAttempt, putTicket, takeTicket } from './tickets.ts'

/** What a batch comes to, if it is committed. */
export interface Outcome {
  /** One for each command, in order. */
  readonly answers: readonly Answer[]
  /** What the batch adds to the log, in order. */
  readonly entries: readonly Revocation[]
  readonly tail: Tail
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
  /** Whether other nodes are rung for. */
  readonly bell: boolean
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
  const narrow = commands.every(([name, input]) => name === 'revoke' && !isWide(input.scope))
  const outcome = narrow ? await appendAlone(target, commands) : undefined
  return outcome ?? transact(target, commands)
}

/** The short way: one statement. Undefined where the log knows a key or an id already. */
async function appendAlone(
  target: Target,
  commands: readonly Command[],
): Promise<Outcome | undefined> {
  const { connection, stream, tail, bell } = target
  const numbering = new Numbering(stream, tail, nothingKnown)
  const answers = numberAll(numbering, commands)
  const outcome = outcomeOf(tail, numbering, answers)
  target.committing(outcome)
  const { known, written } = await runAppendAlone(connection, stream, tail, numbering, bell)
  if (written) return outcome
  if (known) return undefined
  throw new Fenced(REPLACED)
}

function numberAll(numbering: Numbering, commands: readonly Command[]): Answer[] {
  return commands.map(([, input]) => numbering.revoke(input as RevocationCommand))
}

function outcomeOf(tail: Tail, numbering: Numbering, answers: readonly Answer[]): Outcome {
  return {
    answers,
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
    const work = new Work(connection, commands)
    const [, rows, prepared] = await Promise.all([begun, fenced, work.send()])
    if (rows.length === 0) throw new Fenced(REPLACED)
    const numbering = new Numbering(stream, tail, prepared.known)
    const outcome = outcomeOf(tail, numbering, work.answer(prepared, numbering))
    target.committing(outcome)
    await commit(target, numbering, prepared.rotations)
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
  rotations: readonly Rotated[],
): Promise<void> {
  const { connection, stream, bell } = target
  const { entries, raised, head, hash } = numbering
  const sent: Promise<unknown>[] = []
  const successors = rotations.flatMap(({ successor }) => successor ?? [])
  if (successors.length > 0) sent.push(runAddSuccessors(connection, successors))
  if (entries.length > 0) {
    sent.push(runAppend(connection, stream, entries))
    if (raised.length > 0) sent.push(runRaise(connection, raised))
    sent.push(connection.run(advance, [stream, head, hash]))
    if (bell) sent.push(runRing(connection, `log ${stream}`))
  }
  const committed = connection.command('COMMIT')
  // The first error is the cause; those behind it only say that the transaction had failed.
  await Promise.all([...sent, committed])
  // A transaction that failed answers COMMIT with ROLLBACK, and not with an error.
  if ((await committed) !== 'COMMIT') throw new Error('the transaction was rolled back')
}

type Prepared = Awaited<ReturnType<Work['send']>>

/** The commands of one batch by kind, with their places in it. */
class Work {
  readonly #connection: Connection
  readonly #commands: readonly Command[]
  readonly #opens: OpenSessionCommand[] = []
  readonly #rotates: RotateCommand[] = []
  readonly #revokes: RevocationCommand[] = []

  constructor(connection: Connection, commands: readonly Command[]) {
    this.#connection = connection
    this.#commands = commands
    for (const [name, input] of commands) {
      if (name === 'openSession') this.#opens.push(input)
      else if (name === 'rotate') this.#rotates.push(input)
      else if (name === 'revoke') this.#revokes.push(input)
    }
  }

  /** Sends everything in the order of the kinds, and only then waits. */
  async send() {
    const connection = this.#connection
    const small = this.#commands.map((command) => runSmall(connection, command))
    const opened = this.#opens.length > 0 ? runOpen(connection, this.#opens) : []
    const rotated = this.#rotates.length > 0 ? runRotate(connection, this.#rotates) : []
    const known = this.#revokes.length > 0 ? readKnown(connection, this.#revokes) : nothingKnown
    const [smallAnswers, openAnswers, rotations, knownEntries] = await Promise.all([
      Promise.all(small),
      opened,
      rotated,
      known,
    ])
    return { smallAnswers, openAnswers, rotations, known: knownEntries }
  }

  /** One answer for each command, in the order in which they were asked for. */
  answer(prepared: Prepared, numbering: Numbering): readonly Answer[] {
    const opens = prepared.openAnswers.values()
    const rotations = prepared.rotations.values()
    return this.#commands.map(([name, input], index): Answer => {
      if (name === 'openSession') return opens.next().value ?? unanswered
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
  [name, input]: Command,
): Promise<Answer | undefined> {
  switch (name) {
    case 'createSubject':
      return createSubject(connection, input)
    case 'updateSubject':
      return updateSubject(connection, input)
    case 'createClient':
      return createClient(connection, input)
    case 'updateClient':
      return updateClient(connection, input)
    case 'putTicket':
      return { value: await putTicket(connection, input) }
    case 'addTicket':
      return { value: await addTicket(connection, input) }
    case 'takeTicket':
      return { value: await takeTicket(connection, input) }
    case 'countAttempt':
      return { value: await countAttempt(connection, input) }
    case 'rotateKeys':
      return { value: await rotateKeys(connection, input) }
    case 'sweep':
      return { value: await sweep(connection, input) }
    // The fence is a write of its own, so an empty transaction proves that one can be committed.
    case 'probe':
      return { value: undefined }
    case 'openSession':
    case 'rotate':
    case 'revoke':
      return undefined
  }
}
