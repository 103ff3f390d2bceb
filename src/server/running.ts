/**
 * What a server writes about itself beside its data, for the doctor on the same machine: where it
 * really listens, and its effective settings. It holds no secret.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../ports/log.ts'
import { lockFile } from '../stores/sqlite/lock.ts'
import type { Config } from './config.ts'
import type { Finding } from './doctor/finding.ts'
import { examineSettings } from './doctor/settings.ts'
import { DATABASE_FILE } from './offline.ts'

export interface RunningServerNote {
  /** Where it listens. */
  readonly url: string
  readonly issuer: string
  readonly durability: Config['durability']
  /** What the doctor finds of the settings that it was started with. */
  readonly findings: readonly Finding[]
}

const NOTE_FILE = 'outright.running.json'

/**
 * Writes the note. A server on PostgreSQL has no data folder to write it in, and one that cannot
 * write it serves all the same.
 *
 * @returns A function that removes the note.
 */
export function noteRunning(config: Config, url: string, log: Log): () => void {
  if (config.databaseUrl !== undefined) return () => undefined
  const path = join(config.dataDir, NOTE_FILE)
  const { issuer, durability } = config
  const note: RunningServerNote = { url, issuer, durability, findings: examineSettings(config) }
  try {
    writeFileSync(path, `${JSON.stringify(note)}\n`, { mode: 0o600 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    log.warn({ code }, 'Cannot note beside the data where this server listens')
  }
  return () => {
    rmSync(path, { force: true })
  }
}

/** The server that uses a data folder now; undefined where there is none, or it left no note. */
export function findRunning(dataDir: string): RunningServerNote | undefined {
  try {
    const text = readFileSync(join(dataDir, NOTE_FILE), 'utf8')
    // A note outlives a server that was killed; the lock does not.
    return isInUse(dataDir) ? (JSON.parse(text) as RunningServerNote) : undefined
  } catch {
    return undefined
  }
}

function isInUse(dataDir: string): boolean {
  try {
    lockFile(join(dataDir, DATABASE_FILE))()
    return false
  } catch (error) {
    return (error as Error).message.includes('another process')
  }
}
