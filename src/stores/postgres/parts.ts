/**
 * What an open store on PostgreSQL runs: its connections, the writer of its stream, and what
 * follows the streams of others.
 */
import type { Clock } from '../../ports/clock.ts'
import type { Log } from '../../ports/log.ts'
import type { Random } from '../../ports/random.ts'
import type { Position } from '../../domain/revocation.ts'
import { Listeners } from '../listeners.ts'
import type { Abilities } from './abilities.ts'
import { planForKeys } from './connection.ts'
import { Lineage, LOST } from './lineage.ts'
import { Link, type LinkOptions } from './link.ts'
import * as log from './log-lists.ts'
import { Notifier } from './notifier.ts'
import { reasonOf } from './reasons.ts'
import { StreamReader } from './stream-reader.ts'
import { streamEnds, type StreamEnd } from './streams.ts'
import { MARKED, Undecided } from './undecided.ts'
import { CUT_OFF, Writer } from './writer.ts'

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; `?sslmode=verify-full` and others as `pg` has. */
  readonly url: string
  /**
   * Name of the stream that this node writes: the node's own name, the same after a restart, at
   * most 64 characters. A process that opens the stream of another takes it from it.
   */
  readonly stream: string
  readonly clock: Clock
  readonly random: Random
  /** Where lost connections and failures of listeners are reported. */
  readonly log?: Log
  /** What the database can do. Default: what follows from its `version()`. */
  readonly abilities?: Abilities
  /**
   * How nodes hear of each other: `notify` uses LISTEN and NOTIFY and looks from time to time as
   * well; `poll` only looks. Default: `notify` where the database has it and no pooler swallows
   * it.
   */
  readonly notifier?: 'notify' | 'poll'
  /** How often other streams are looked at, milliseconds. Default 1000 with a notifier, 50 without. */
  readonly pollEveryMs?: number
  /** How long an operation waits for a database that is away, milliseconds. Default 5000. */
  readonly patienceMs?: number
  /**
   * Called once, when this store can never write again, with the reason: another process has taken
   * its stream, or the database has lost what it had committed. Nothing that it refuses from then
   * on was stored, and it does not know what the other process writes.
   */
  readonly onStopped?: (reason: string) => void
}

/** How often a node looks for news of the others by itself, milliseconds. */
export const LOOK_EVERY_MS = { notify: 1_000, poll: 50 } as const

const PATIENCE_MS = 5_000
/** Lists and walks over millions of rows take longer than a caller of a logout would wait. */
export const LONG_ANSWER_MS = 120_000

export class Parts {
  readonly abilities: Abilities
  readonly short: Link
  readonly long: Link
  readonly notifier: Notifier | undefined
  readonly writer: Writer
  readonly reader: StreamReader
  readonly lineage: Lineage
  readonly listeners: Listeners
  readonly delivering: Link
  readonly #undecided = new Undecided()
  readonly #clock: Clock
  readonly #stream: string
  readonly #writing: Link
  readonly #following: Link
  /** When the mark is looked for again. */
  #lookAgainMs = 0

  constructor(options: PostgresOptions, abilities: Abilities) {
    const { stream, clock, random, patienceMs = PATIENCE_MS } = options
    const notifier = options.notifier ?? (abilities.notifier ? 'notify' : 'poll')
    this.abilities = abilities
    this.#stream = stream
    this.#clock = clock
    const link = (purpose: string): LinkOptions => ({
      url: options.url,
      name: `outright ${stream} ${purpose}`,
      answerMs: patienceMs,
      patienceMs,
      clock,
      random,
      prepare: (connection) => planForKeys(connection, abilities),
    })
    this.short = new Link(link('reads'))
    this.long = new Link({ ...link('lists'), answerMs: LONG_ANSWER_MS })
    this.#writing = new Link(link('writes'))
    // Not the long reads' connection: behind a list that takes seconds, or in a connection whose
    // other end vanished, this node would miss what the others wait for it to apply.
    this.#following = new Link({
      ...link('follows'),
      // What a new connection leads to may have been set back.
      prepare: (connection) => this.lineage.read(() => connection.run<StreamEnd>(streamEnds)),
    })
    this.delivering = new Link(link('deliveries'))
    this.notifier = notifier === 'notify' ? new Notifier(link('notifier')) : undefined
    this.listeners = new Listeners(options.log)
    const onEntries = this.listeners.call.bind(this.listeners)
    this.lineage = new Lineage(() => {
      this.writer.stop(LOST)
    })
    this.writer = new Writer({
      lineage: this.lineage,
      link: this.#writing,
      stream,
      holder: crypto.randomUUID(),
      notifier: notifier === 'notify',
      clock,
      log: options.log,
      patienceMs,
      onEntries,
      onStopped: (reason) => {
        if (reason === LOST) void this.#markUndecided(options.log)
        options.onStopped?.(reason)
      },
    })
    this.reader = new StreamReader({
      source: {
        head: () => this.#follow(),
        readStream: async (name, ...range) => {
          const entries = await log.readStream(this.#following, name, ...range)
          this.lineage.follow(name, entries)
          return entries
        },
      },
      own: stream,
      clock,
      log: options.log,
      pollEveryMs: options.pollEveryMs ?? LOOK_EVERY_MS[notifier],
      onEntries,
      onCut: () => {
        this.writer.stop(CUT_OFF)
      },
    })
  }

  async open(): Promise<void> {
    await this.writer.open()
    await this.#undecided.open(this.#following)
    const ends = await log.readEnds(this.#following)
    for (const { name, head, hash } of ends) {
      if (name !== this.#stream) this.lineage.note(name, { head, hash, batch: 0 })
    }
    this.reader.open(new Map(ends.map(({ name, head }) => [name, head])))
    this.notifier?.onNotification((payload) => {
      if (payload === '' || payload.startsWith('log ')) this.reader.look()
    })
    await this.notifier?.open()
  }

  /** How far the streams have come; from time to time also whether all of them still count. */
  async #follow(): Promise<Position> {
    const position = await this.lineage.read(() => log.readEnds(this.#following))
    const nowMs = this.#clock.monotonicMs()
    if (nowMs >= this.#lookAgainMs) {
      this.#lookAgainMs = nowMs + LOOK_EVERY_MS.notify
      if (await this.#undecided.look(this.#following)) this.writer.stop(MARKED)
    }
    return position
  }

  /** Never rejects: what cannot be marked is said. */
  async #markUndecided(log: Log | undefined): Promise<void> {
    try {
      await this.#undecided.mark(this.short, LOST)
    } catch (error) {
      log?.error({ reason: reasonOf(error) }, 'Cannot mark the database as one that lacks logouts')
    }
  }

  async close(): Promise<void> {
    await this.writer.close()
    await this.reader.close()
    await this.notifier?.close()
    const links = [this.#writing, this.#following, this.short, this.long, this.delivering]
    await Promise.all(links.map((link) => link.close()))
  }
}
