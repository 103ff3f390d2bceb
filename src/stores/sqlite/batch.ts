/** Many commands, one commit: what the writer's thread does with what it is sent. */
import type { DatabaseSync } from 'node:sqlite'
import { Refusal, type Failure } from '../../domain/failure.ts'
import type { Answer, BatchOutcome, FileCommand, FileCommands } from '../commands.ts'
import { openForWriting, outsideFailure, spoilsConnection, type Durability } from './connection.ts'
import { cutWriter } from './cut.ts'
import { deliveryWriter } from './deliveries.ts'
import { directoryWriter } from './directory.ts'
import { foreignSessionWriter } from './foreign-sessions.ts'
import { HeadFile } from './head.ts'
import { horizonKeeper, type HorizonKeeper } from './horizon.ts'
import { keyWriter } from './keys.ts'
import { boundLog, checkpointIdle } from './log-size.ts'
import { logWriter, type LogWriter } from './log.ts'
import { filesOf, identify, missingOf, type Identities } from './lost-files.ts'
import { maintenanceWriter } from './maintenance.ts'
import { operatorWriter } from './operators.ts'
import { sessionWriter } from './sessions.ts'
import { ticketWriter } from './tickets.ts'

/** What a runner needs; plain data, because it is handed to a thread. */
export interface RunnerOptions {
  readonly path: string
  readonly durability: Durability
  /** The file that holds the end of the log: see `head.ts`. Undefined keeps none. */
  readonly headPath?: string | undefined
  /** The files as they were when the store prepared them. */
  readonly files?: Identities | undefined
  /**
   * Position of the last log entry that was handed out, where an earlier runner of the same file
   * was lost; undefined for the first one, which begins at the end of the log.
   */
  readonly told?: number | undefined
}

/** Batches after which the database may have grown enough for a longer write-ahead log. */
const BOUND_EVERY = 256

interface Open {
  readonly database: DatabaseSync
  /** What must stay in place for as long as this connection is used. */
  readonly files: Identities
  readonly log: LogWriter
  readonly horizon: HorizonKeeper
  readonly handlers: FileCommands
}

/**
 * Runs batches on the only connection that writes. After a failure of the disk it opens the file
 * anew, so that it works again as soon as the disk does.
 */
export class BatchRunner {
  readonly #options: RunnerOptions
  readonly #head: HeadFile | undefined
  #open: Open | undefined
  #told: number | undefined
  #doubtful: boolean
  #batches = 0
  #stopped: string | undefined

  constructor(options: RunnerOptions) {
    this.#options = options
    this.#head = options.headPath === undefined ? undefined : HeadFile.open(options.headPath)
    this.#told = options.told
    this.#doubtful = options.told !== undefined
  }

  /** Either everything that is not refused is durable when this returns, or nothing was stored. */
  run(commands: readonly FileCommand[]): BatchOutcome {
    if (this.#stopped !== undefined) return { kind: 'stopped', reason: this.#stopped }
    try {
      try {
        return this.#transact(commands, false)
      } catch (error) {
        if (error instanceof FilesLost || outsideFailure(error) !== undefined) throw error
        // A command failed in a way that it does not expect. Each one gets a savepoint of its own
        // now, so that this one leaves nothing behind and its neighbours are stored.
        return this.#transact(commands, true)
      }
    } catch (error) {
      if (error instanceof FilesLost) {
        return { kind: 'stopped', reason: (this.#stopped = error.message) }
      }
      const reason = outsideFailure(error)
      if (reason === undefined) throw error
      return { kind: 'unavailable', reason }
    }
  }

  /** Copies what is in the write-ahead log into the file, as far as no reader is in the way. */
  checkpoint(): void {
    try {
      if (this.#open) checkpointIdle(this.#open.database)
    } catch (error) {
      if (outsideFailure(error) === undefined) throw error
      // Nothing is lost: the pages stay in the write-ahead log, and the next checkpoint tries again.
    }
  }

  close(): void {
    const open = this.#open
    this.#open = undefined
    this.#head?.close()
    open?.database.close()
  }

  #transact(commands: readonly FileCommand[], guarded: boolean): BatchOutcome {
    const open = (this.#open ??= this.#openAgain())
    try {
      // The entry that the head names must be there at the next start, also after power loss.
      if (commands.some(([name]) => name === 'cut')) this.#head?.secure(open.log.end())
      open.database.exec('BEGIN IMMEDIATE')
      const told = (this.#told ??= open.log.position())
      const answers = commands.map((command) =>
        guarded ? runGuarded(open, command) : runOne(open, command),
      )
      const entries = this.#doubtful ? open.log.entriesAfter(told) : open.log.takeEntries()
      const position = open.log.position()
      open.database.exec('COMMIT')
      // In this order: a head that is ahead of the database would be taken for a loss, and a commit
      // whose callers have heard of it must be in the head.
      if (entries.length > 0) this.#head?.write(open.log.end())
      checkFiles(open.files)
      open.log.takeEntries()
      this.#batches++
      if (this.#batches % BOUND_EVERY === 0) boundLog(open.database)
      this.#told = position
      this.#doubtful = false
      return { kind: 'committed', answers, entries, position }
    } catch (error) {
      this.#undo(open, error)
      throw error
    }
  }

  #openAgain(): Open {
    const open = openWriter(this.#options)
    const position = open.log.position()
    if (position >= (this.#told ?? 0)) return open
    open.database.close()
    throw new FilesLost(`the log ends at entry ${String(position)}, and later ones were answered`)
  }

  #undo(open: Open, cause: unknown): void {
    open.log.reset()
    open.horizon.reset()
    // A COMMIT that reports a failure has nearly always stored nothing. Where it has after all, the
    // next batch finds the entries behind the last one that was handed out.
    this.#doubtful = true
    try {
      // Some failures have rolled back already.
      if (open.database.isTransaction) open.database.exec('ROLLBACK')
      if (!spoilsConnection(cause)) return
    } catch {
      // A connection that cannot roll back is not used again.
    }
    this.#open = undefined
    try {
      open.database.close()
    } catch {
      // Its file descriptors went with the disk; the next batch opens the file anew.
    }
  }
}

/** The files are not those any more that were opened: what was committed to them is lost. */
class FilesLost extends Error {
  override readonly name = 'FilesLost'
}

/** @throws {FilesLost} */
function checkFiles(files: Identities): void {
  const missing = missingOf(files)
  if (missing !== undefined) throw new FilesLost(missing)
}

function openWriter({ path, durability, files = new Map() }: RunnerOptions): Open {
  // Another file of this name would be opened, or an empty one made.
  checkFiles(files)
  const database = openForWriting(path, durability)
  try {
    const horizon = horizonKeeper(database)
    const log = logWriter(database, horizon)
    const opened = new Map([...files, ...identify(filesOf(path).opened)])
    const handlers = commandHandlers(database, log, horizon)
    return { database, files: opened, log, horizon, handlers }
  } catch (error) {
    database.close()
    throw error
  }
}

export function commandHandlers(
  database: DatabaseSync,
  log: LogWriter,
  horizon: HorizonKeeper,
): FileCommands {
  return {
    revoke: log.revoke,
    ...sessionWriter(database, horizon),
    ...directoryWriter(database),
    ...ticketWriter(database),
    ...keyWriter(database, horizon),
    ...deliveryWriter(database),
    ...cutWriter(database),
    ...foreignSessionWriter(database),
    ...operatorWriter(database),
    ...maintenanceWriter(database),
  }
}

/** A handler refuses before it writes, so a refusal leaves nothing behind. */
function runOne({ handlers }: Open, [name, ...input]: FileCommand): Answer {
  // They are of one row of FileCommands; the compiler cannot follow the name through the union.
  const handler = handlers[name] as (...input: unknown[]) => unknown
  try {
    return { value: handler(...input) }
  } catch (error) {
    if (error instanceof Refusal) return { failure: error.failure }
    throw error
  }
}

function runGuarded(open: Open, command: FileCommand): Answer {
  open.database.exec('SAVEPOINT command')
  const restore = [open.log.mark(), open.horizon.mark()]
  try {
    const answer = runOne(open, command)
    open.database.exec('RELEASE command')
    return answer
  } catch (error) {
    if (outsideFailure(error) !== undefined) throw error
    open.database.exec('ROLLBACK TO command')
    open.database.exec('RELEASE command')
    for (const back of restore) back()
    const reason = error instanceof Error ? error.message : 'unknown'
    const failure: Failure = { kind: 'internal', reason: `Cannot ${command[0]}: ${reason}` }
    return { failure }
  }
}
