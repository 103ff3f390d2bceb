/**
 * Group commit: commands wait here while a batch is on its way and go together as the next one.
 *
 * Also what happens when the way is lost. Every batch ends in one of three states: it was committed
 * and is answered; it was not, and is tried again while its callers have patience; or that is
 * unknown. Then nothing else is sent until a new connection has claimed the stream and read the
 * number of its last transaction, which says which of the two it is. Callers whose patience ends
 * before that are refused, although their command may turn out to have been stored: a logout that
 * was answered is never lost, one that was refused may be either, and to repeat it does no harm.
 */
import { Refusal } from '../../domain/failure.ts'
import type { Revocation } from '../../domain/revocation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Command, CommandName, Commands } from '../commands.ts'
import { Admission } from './admission.ts'
import { Fenced, REPLACED, runBatch, type Outcome } from './batch.ts'
import { isLoss, isRetryable, type Connection } from './connection.ts'
import { reasonOf, sqlState } from './reasons.ts'
import { LOST, type Lineage } from './lineage.ts'
import type { Link } from './link.ts'
import { failureOf, mayPass } from './refused.ts'
import { readHorizon, type KnownHorizon } from './horizon.ts'
import { RecentMap } from '../../domain/recent-map.ts'
import { keepStream, readEpoch, takeStream, type Tail } from './streams.ts'
import { unavailable } from '../unavailable.ts'

/** Why a node stops that has missed what was cut: a new start reads all that still counts. */
export const CUT_OFF = 'entries were cut from the log that this node had not read'

/** More commands than this never share a transaction, so that the first does not wait for long. */
const MAX_BATCH_SIZE = 512

/** More than this never wait: further calls are refused at once. */
const MAX_WAITING = 16_384

/** How often a batch is tried again after it met another node's, before its commands go one by one. */
const ATTEMPTS_TOGETHER = 3

/** Tries that follow each other without a pause. */
const AT_ONCE = 2

/** Sessions opened here whose lives need not be looked up when they end. */
const REMEMBERED_SESSIONS = 50_000

/** How often a command is tried alone. */
const ATTEMPTS_ALONE = 20

export interface WriterOptions {
  readonly link: Link
  readonly stream: string
  /** Names this process among those that may want the stream; unique. */
  readonly holder: string
  readonly notifier: boolean
  readonly lineage: Lineage
  readonly clock: Clock
  readonly log: Log | undefined
  /** How long a caller waits for a database that is away, milliseconds. */
  readonly patienceMs: number
  /** Called with each batch's entries once durable, before its callers hear of it. */
  readonly onEntries: (entries: readonly Revocation[]) => void
  /** Called once, when nothing can be written ever again. */
  readonly onStopped: ((reason: string) => void) | undefined
}

interface Waiting {
  readonly command: Command
  readonly deadlineMs: number
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  settled: boolean
}

interface Batch {
  readonly waiting: readonly Waiting[]
  attempts: number
  /** Set while it is unknown whether it was committed. */
  inDoubt: Outcome | undefined
}

function newBatch(waiting: readonly Waiting[]): Batch {
  return { waiting, attempts: 0, inDoubt: undefined }
}

interface Claim {
  readonly connection: Connection
  tail: Tail
  horizon: KnownHorizon
}

export class Writer {
  readonly #options: WriterOptions
  readonly #queue: Waiting[] = []
  /**
   * Longest life of the access tokens of recent sessions, in milliseconds by `sid`. It never
   * changes, so a logout at the node that opened the session needs no look-up.
   */
  readonly #lifetimes = new RecentMap<string, number>(REMEMBERED_SESSIONS)
  /** What was cut out of a batch that failed; goes before the queue. */
  #again: Batch[] = []
  #current: Batch | undefined
  #claim: Claim | undefined
  #lastTail: Tail | undefined
  #working: Promise<void> | undefined
  #ended: string | undefined
  #closing = false
  #stopTimer: (() => void) | undefined

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** Takes the stream. Rejects with what keeps it from that. */
  async open(): Promise<void> {
    const { link, stream, holder } = this.#options
    this.#claim = await link.use(async (connection) => {
      const tail = await takeStream(connection, stream, holder)
      return { connection, tail, horizon: await readHorizon(connection) }
    })
    this.#note(this.#claim.tail)
  }

  /**
   * Queues a command. Resolves once it is durable.
   *
   * @throws {Refusal} What the command refuses; `store_unavailable` where it could not be stored.
   */
  submit<K extends CommandName>(
    name: K,
    ...input: Parameters<Commands[K]>
  ): Promise<ReturnType<Commands[K]>> {
    if (this.#closing) return Promise.reject(unavailable('the store is closed'))
    if (this.#ended !== undefined) return Promise.reject(unavailable(this.#ended))
    if (this.#queue.length >= MAX_WAITING) {
      return Promise.reject(unavailable(`${String(MAX_WAITING)} changes wait already`))
    }
    const { clock, patienceMs } = this.#options
    return new Promise((resolve, reject) => {
      this.#queue.push({
        command: [name, ...input] as unknown as Command,
        deadlineMs: clock.monotonicMs() + patienceMs,
        resolve: resolve as (value: unknown) => void,
        reject,
        settled: false,
      })
      this.#start()
    })
  }

  /** Refuses everything from now on, and says why. What is on its way may be stored. */
  stop(reason: string): void {
    if (this.#ended !== undefined) return
    const { stream, log, onStopped } = this.#options
    this.#ended = reason
    log?.error({ stream, reason }, 'Cannot write any more')
    this.#refuse(() => true, reason)
    onStopped?.(reason)
  }

  /** Finishes what was accepted, as far as the patience of its callers goes. */
  async close(): Promise<void> {
    this.#closing = true
    await this.#working
    this.#stopTimer?.()
  }

  /** Waits for the end of this turn of the event loop, so that all who ask in it share a batch. */
  #start(): void {
    this.#working ??= new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
      .then(() => this.#work())
      .finally(() => {
        this.#working = undefined
        // A call may have come between the last look at the queue and this moment.
        if (this.#hasWork()) this.#start()
      })
  }

  #hasWork(): boolean {
    // Where nothing can be written any more, a batch in doubt stays so.
    if (this.#ended !== undefined) return false
    return this.#current !== undefined || this.#again.length > 0 || this.#queue.length > 0
  }

  async #work(): Promise<void> {
    this.#watch()
    for (let failures = 0; this.#hasWork();) {
      try {
        const claim = await this.#connected()
        this.#current ??= this.#again.shift() ?? this.#next()
        await this.#run(claim, this.#current)
        failures = 0
      } catch (error) {
        failures++
        await this.#lose(error, failures)
      }
    }
  }

  /** The claim that stands, or a new one, with which a batch in doubt is decided. */
  async #connected(): Promise<Claim> {
    if (this.#claim !== undefined && !this.#claim.connection.lost) return this.#claim
    const { link, stream, holder } = this.#options
    const connection = await link.connect()
    const tail = await keepStream(connection, stream, holder)
    if (tail === undefined) {
      // One that was taken by another process counts on; one that was set back in time does not.
      const epoch = await readEpoch(connection, stream)
      throw new Fenced(epoch < (this.#lastTail?.epoch ?? 0) ? LOST : REPLACED)
    }
    const claim = (this.#claim = { connection, tail, horizon: await readHorizon(connection) })
    const batch = this.#current
    if (batch?.inDoubt?.tail.batch === tail.batch) {
      this.#finish(batch, { ...batch.inDoubt, tail })
    } else if (tail.batch !== this.#lastTail?.batch || tail.head !== this.#lastTail.head) {
      // Numbers that verifiers have seen would be given out a second time.
      throw new Fenced(LOST)
    } else if (batch !== undefined) batch.inDoubt = undefined
    this.#note(tail)
    return claim
  }

  #next(): Batch {
    const admission = new Admission()
    let count = 0
    while (count < Math.min(this.#queue.length, MAX_BATCH_SIZE)) {
      if (!admission.admit(this.#queue[count]!.command)) break
      count++
    }
    return newBatch(this.#queue.splice(0, count))
  }

  async #run(claim: Claim, batch: Batch): Promise<void> {
    // A batch whose fate was decided while the stream was claimed is gone already.
    if (this.#current !== batch) return
    const { stream, notifier } = this.#options
    // Calls that were refused meanwhile are not stored.
    const waiting = batch.waiting.filter(({ settled }) => !settled)
    const attempt: Batch = (this.#current = { ...batch, waiting, attempts: batch.attempts + 1 })
    if (waiting.length === 0) {
      this.#current = undefined
      return
    }
    try {
      const target = {
        connection: claim.connection,
        stream,
        tail: claim.tail,
        horizon: claim.horizon,
        lifetimes: this.#lifetimes,
        notifier,
        committing: (outcome: Outcome) => {
          attempt.inDoubt = outcome
        },
      }
      const outcome = await runBatch(
        target,
        waiting.map(({ command }) => command),
      )
      claim.tail = outcome.tail
      claim.horizon = outcome.horizon
      this.#finish(attempt, outcome)
    } catch (error) {
      if (error instanceof Fenced || isLoss(error)) throw error
      // The server said no, so nothing was stored.
      attempt.inDoubt = undefined
      this.#separate(attempt, error)
      // The transaction in the way has finished by now; where that repeats, pause.
      const again = this.#current?.attempts ?? 0
      if (isRetryable(error) && again > AT_ONCE) await this.#options.link.pause(again - AT_ONCE)
    }
  }

  #finish(batch: Batch, outcome: Outcome): void {
    this.#current = undefined
    this.#note(outcome.tail)
    if (outcome.entries.length > 0) this.#options.onEntries(outcome.entries)
    for (const [index, waiting] of batch.waiting.entries()) {
      if (waiting.settled) continue
      waiting.settled = true
      const answer = outcome.answers[index]
      if (answer === undefined || 'failure' in answer) {
        waiting.reject(new Refusal(answer?.failure ?? { kind: 'internal', reason: 'no answer' }))
      } else waiting.resolve(answer.value)
    }
  }

  #note(tail: Tail): void {
    this.#lastTail = tail
    this.#options.lineage.note(this.#options.stream, tail)
  }

  /** A batch met another node's, or holds a command that the database refuses: find out which. */
  #separate(batch: Batch, error: unknown): void {
    const state = sqlState(error)
    const alone = batch.waiting.length === 1
    const again = isRetryable(error) || (state === '23505' && mayPass(error, alone))
    if (again && batch.attempts < (alone ? ATTEMPTS_ALONE : ATTEMPTS_TOGETHER)) return
    this.#current = undefined
    if (alone) {
      const waiting = batch.waiting[0]!
      if (waiting.settled) return
      waiting.settled = true
      waiting.reject(new Refusal(failureOf(error)))
      return
    }
    this.#again = [...batch.waiting.map((waiting) => newBatch([waiting])), ...this.#again]
  }

  async #lose(error: unknown, failures: number): Promise<void> {
    const { link, log } = this.#options
    this.#claim?.connection.destroy()
    this.#claim = undefined
    link.drop()
    if (error instanceof Fenced) {
      this.stop(error.message)
      this.#current = undefined
      return
    }
    const unsettled = this.#waiting().some(({ settled }) => !settled)
    // No call waits for a batch any more: it matters only as long as it may have been stored.
    if (!unsettled && (this.#closing || this.#current?.inDoubt === undefined)) {
      this.#current = undefined
      return
    }
    if (failures === 1)
      log?.warn({ reason: reasonOf(error) }, 'Cannot reach the database: retrying')
    await link.pause(failures)
  }

  /** Refuses calls that have waited for too long, while there is work. */
  #watch(): void {
    if (this.#stopTimer !== undefined) return
    const { clock, patienceMs } = this.#options
    this.#stopTimer = clock.after(Math.max(10, patienceMs / 20), () => {
      this.#stopTimer = undefined
      const nowMs = clock.monotonicMs()
      this.#refuse(({ deadlineMs }) => deadlineMs <= nowMs, 'the database did not answer in time')
      if (this.#hasWork()) this.#watch()
    })
  }

  #waiting(): readonly Waiting[] {
    const held = [this.#current, ...this.#again].flatMap((batch) => batch?.waiting ?? [])
    return [...held, ...this.#queue]
  }

  #refuse(which: (waiting: Waiting) => boolean, reason: string): void {
    for (const waiting of this.#waiting()) {
      if (waiting.settled || !which(waiting)) continue
      waiting.settled = true
      waiting.reject(unavailable(reason))
    }
    // The queue is in the order of deadlines, so what is settled lies in front.
    const kept = this.#queue.findIndex(({ settled }) => !settled)
    this.#queue.splice(0, kept === -1 ? this.#queue.length : kept)
    this.#again = this.#again.filter(({ waiting }) => waiting.some(({ settled }) => !settled))
  }
}
