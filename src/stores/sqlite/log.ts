/** Writing revocations: the one table that is only ever appended to, and the counters beside it. */
import type { DatabaseSync } from 'node:sqlite'
import { refuse } from '../../domain/failure.ts'
import { forgetAfterMs } from '../../domain/access-horizon.ts'
import {
  endingOf,
  isSame,
  type NamedEnding,
  type Revocation,
  type RevocationCommand,
} from '../../domain/revocation.ts'
import type { RevokeOutcome } from '../../ports/store.ts'
import type { Commands } from '../commands.ts'
import { entryOf, type Lasting } from '../log-row.ts'
import type { LogEnd } from './head.ts'
import type { HorizonKeeper } from './horizon.ts'
import { logView, type LogView } from './log-view.ts'
import { logColumns, rowFinder, shaped } from './rows.ts'

interface CounterRow {
  readonly generation: number
  /** Of the entry that raised it last. */
  readonly position: number
  readonly forget_after_ms: number
}

export interface LogWriter extends Pick<Commands, 'revoke'> {
  /**
   * Adds an entry of another database of the same installation, under its id, at the end of this
   * one's log. For restores.
   *
   * @returns Whether it was missing.
   */
  carry(entry: Revocation): boolean
  /** What was added since the last call, in order. */
  takeEntries(): readonly Revocation[]
  /** Position of the last entry, 0 where there is none. */
  position(): number
  /** The last entry, for the head that is kept outside the database. */
  end(): LogEnd
  /** Everything after a position, whichever process added it. */
  entriesAfter(position: number): readonly Revocation[]
  /** Remembers this moment; the returned function goes back to it. After a rollback to a savepoint. */
  mark(): () => void
  /** Forgets what was added; the tail is read anew before the next entry. After a rollback. */
  reset(): void
}

export function logWriter(database: DatabaseSync, horizon: HorizonKeeper): LogWriter {
  const view = logView(database)
  const appender = new Appender(database, view)
  const findCounter = database.prepare(
    'SELECT generation, position, forget_after_ms FROM generations WHERE scope = ? AND key = ?',
  )
  const raise = database.prepare(
    `INSERT INTO generations (scope, key, generation, position, forget_after_ms)
     VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (scope, key) DO UPDATE SET generation = excluded.generation,
       position = excluded.position, forget_after_ms = excluded.forget_after_ms`,
  )

  const findLifetime = rowFinder<{ access_lifetime_ms: number }>(
    database,
    'SELECT access_lifetime_ms FROM sessions WHERE sid = ? LIMIT 1',
  )

  function forgetAfter(command: RevocationCommand & { readonly forgetAfterMs?: number }): number {
    const isOurs = command.scope === 'session' && (command.issuer ?? '') === ''
    const session = isOurs ? findLifetime(command.key) : undefined
    const ownMs = forgetAfterMs(horizon.read(), command, session?.access_lifetime_ms)
    // One that is carried over is remembered for as long as where it comes from.
    return Math.max(ownMs, command.forgetAfterMs ?? 0)
  }

  function end(command: RevocationCommand, ending: NamedEnding): RevokeOutcome {
    const earlier = view.byName(command.scope, command.key, ending)
    if (earlier) return { revocation: earlier, added: false }
    const { issuer, cutoffSeconds } = ending
    const entry = { ...command, forgetAfterMs: forgetAfter(command), issuer, cutoffSeconds }
    return { revocation: appender.append(entry, 0), added: true }
  }

  function add(command: RevocationCommand): RevokeOutcome {
    const ending = endingOf(command)
    return ending.kind === 'counter' ? raiseCounter(command) : end(command, ending)
  }

  function raiseCounter(command: RevocationCommand): RevokeOutcome {
    const { scope, key, ifGeneration } = command
    const counter = shaped<CounterRow | undefined>(findCounter.get(scope, key))
    if (counter && ifGeneration !== undefined && counter.generation > ifGeneration) {
      const by = view.at(counter.position)
      if (by) return { revocation: by, added: false }
    }
    // The higher counter also ends what the lower one ended, so it must be remembered as long.
    const forgetAfterMs = Math.max(forgetAfter(command), counter?.forget_after_ms ?? 0)
    const generation = Math.max((counter?.generation ?? 0) + 1, command.leastGeneration ?? 0)
    const revocation = appender.append({ ...command, forgetAfterMs }, generation)
    raise.run(scope, key, generation, appender.position(), forgetAfterMs)
    return { revocation, added: true }
  }

  function carry(entry: Revocation): boolean {
    if (view.byId(entry.id) !== undefined) return false
    // It ends whatever it ended there, so a counter must come as far.
    const { forgetAfterMs: foreignForgetAfterMs, generation: leastGeneration } = entry
    return add({ ...entry, leastGeneration, foreignForgetAfterMs }).added
  }

  return {
    carry,
    revoke(command) {
      const repeated = view.byId(command.id)
      if (repeated === undefined) return add(command)
      if (isSame(repeated, command)) return { revocation: repeated, added: false }
      return refuse({ kind: 'conflict', reason: 'the id names another revocation' })
    },
    takeEntries: () => appender.takeEntries(),
    position: () => appender.position(),
    end: () => appender.end(),
    entriesAfter: (position) => view.after(position),
    mark: () => appender.mark(),
    reset: () => {
      appender.reset()
    },
  }
}

/** Numbers entries and chains each to the one before, from what it knows of the end of the log. */
class Appender {
  readonly #view: LogView
  readonly #insert
  readonly #findTail
  #tail: LogEnd | undefined
  #entries: Revocation[] = []

  constructor(database: DatabaseSync, view: LogView) {
    this.#view = view
    this.#insert = database.prepare(
      `INSERT INTO log (${logColumns}) VALUES (${logColumns.replaceAll(/\w+/g, '?')})`,
    )
    this.#findTail = database.prepare(
      'SELECT position, hash FROM log WHERE position >= ? ORDER BY position DESC LIMIT 1',
    )
  }

  append(command: Lasting, generation: number): Revocation {
    const { stream } = this.#view
    const tail = this.#readTail()
    const position = tail.position + 1
    const revocation = entryOf(command, {
      stream: stream.name,
      sequence: position - stream.firstPosition + 1,
      generation,
      previousHash: tail.hash,
    })
    this.#insert.run(
      position,
      revocation.id,
      revocation.scope,
      revocation.key,
      revocation.generation,
      revocation.reason,
      revocation.actor,
      revocation.note,
      revocation.atMs,
      revocation.forgetAfterMs,
      revocation.previousHash,
      revocation.hash,
      revocation.version,
      revocation.issuer,
      revocation.cutoffSeconds,
    )
    this.#tail = { position, hash: revocation.hash }
    this.#entries.push(revocation)
    return revocation
  }

  position(): number {
    return this.#readTail().position
  }

  end(): LogEnd {
    return this.#readTail()
  }

  takeEntries(): readonly Revocation[] {
    const taken = this.#entries
    this.#entries = []
    return taken
  }

  mark(): () => void {
    const tail = this.#tail
    const { length } = this.#entries
    return () => {
      this.#tail = tail
      this.#entries = this.#entries.slice(0, length)
    }
  }

  reset(): void {
    this.#tail = undefined
    this.#entries = []
  }

  /** In a stream without an entry the hash is empty, as its first entry's `previousHash` will be. */
  #readTail(): LogEnd {
    const { firstPosition } = this.#view.stream
    return (this.#tail ??= shaped<LogEnd | undefined>(this.#findTail.get(firstPosition)) ?? {
      position: firstPosition - 1,
      hash: '',
    })
  }
}
