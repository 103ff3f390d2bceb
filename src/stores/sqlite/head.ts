/**
 * The end of the log, kept in a file of its own beside the database: `outright.head`.
 *
 * A database file cannot tell that its write-ahead log was deleted, or that an older copy lies in
 * its place: it opens as if nothing had happened, and what was logged out is good again. So the
 * writer notes the position and the hash of the log's last entry here, after every commit that
 * added one and before its callers hear of it, and a start compares. The hash is that of a chain,
 * so it also tells one database from another.
 *
 * The note reaches the system with one small write; it costs the commit no second wait for the
 * disk. `kill -9` takes nothing from it. Power loss may take the notes of the last second, and the
 * commits that they stand for are on the disk by themselves then: only where power loss and the
 * deletion of the write-ahead log come together can up to a second of logouts be missing
 * unnoticed.
 *
 * Its name does not begin with that of the database, so that copying or removing `outright.db*`
 * leaves it where it is.
 */
import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { crc32 } from 'node:zlib'
import { syncFolderOf } from './files.ts'

/** The last entry of a log; position 0 and an empty hash where there is none. */
export interface LogEnd {
  readonly position: number
  readonly hash: string
}

/** Where the head of a database file is kept. */
export function headPathOf(databasePath: string): string {
  return `${databasePath.replace(/\.db$/, '')}.head`
}

/** Two places that are written in turn, so that one is whole whatever happens to the other. */
const SLOTS = 2
/** As far apart as what a disk writes at once. */
const SLOT_BYTES = 4096
/** How long the system may keep a note before the disk has it. */
const SYNC_EVERY_MS = 1000

export class HeadFile {
  readonly #descriptor: number
  #turn: number
  #timer: NodeJS.Timeout | undefined

  private constructor(descriptor: number, turn: number) {
    this.#descriptor = descriptor
    this.#turn = turn
  }

  /** Opens the head that is there. */
  static open(path: string): HeadFile {
    const turn = readSlots(path)?.turn ?? 0
    return new HeadFile(openSync(path, constants.O_RDWR), turn)
  }

  /** Takes the note of one end of the log, so that it survives the end of this process. */
  write(end: LogEnd): void {
    this.#turn++
    const text = encode(this.#turn, end)
    writeSync(this.#descriptor, text, (this.#turn % SLOTS) * SLOT_BYTES)
    this.#timer ??= setTimeout(() => {
      // What the disk does not take now is tried again with the next note.
      fdatasync(this.#descriptor, () => {
        this.#timer = undefined
      })
    }, SYNC_EVERY_MS).unref()
  }

  /** The same, and it survives power loss when this returns. */
  secure(end: LogEnd): void {
    this.write(end)
    fdatasyncSync(this.#descriptor)
  }

  close(): void {
    clearTimeout(this.#timer)
    // Before the database folds its write-ahead log in and deletes it: see the top.
    fsyncSync(this.#descriptor)
    closeSync(this.#descriptor)
  }
}

/** Puts a head in place, durably; replaces what is there. */
export function createHead(path: string, end: LogEnd): void {
  const descriptor = openSync(path, 'w', 0o600)
  try {
    for (let turn = 1; turn <= SLOTS; turn++) {
      writeSync(descriptor, encode(turn, end), (turn % SLOTS) * SLOT_BYTES)
    }
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  syncFolderOf(path)
}

/**
 * Takes the head away, durably, before a database is replaced on purpose: a replacement that is
 * broken off must not be taken for a loss.
 */
export function removeHead(path: string): void {
  rmSync(path, { force: true })
  syncFolderOf(path)
}

/**
 * The last end that was noted; undefined where there is no head.
 *
 * @throws {Error} Where it is damaged.
 */
export function readHead(path: string): LogEnd | undefined {
  return readSlots(path)?.end
}

interface Slot {
  readonly turn: number
  readonly end: LogEnd
}

function readSlots(path: string): Slot | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  let latest: Slot | undefined
  for (let index = 0; index < SLOTS; index++) {
    const slot = decode(bytes.subarray(index * SLOT_BYTES, (index + 1) * SLOT_BYTES))
    if (slot !== undefined && slot.turn > (latest?.turn ?? 0)) latest = slot
  }
  if (latest === undefined) throw new Error(`${path}: it is damaged`)
  return latest
}

/** A line that a person can read: `{"turn":7,"position":3,"hash":"…"} 1c291ca3`. */
function encode(turn: number, { position, hash }: LogEnd): string {
  const text = JSON.stringify({ turn, position, hash })
  return `${text} ${checksum(text)}\n`
}

function decode(bytes: Buffer): Slot | undefined {
  const [line = ''] = bytes.toString('latin1').split('\n', 1)
  const space = line.lastIndexOf(' ')
  const text = line.slice(0, Math.max(0, space))
  if (space < 0 || line.slice(space + 1) !== checksum(text)) return undefined
  const { turn, position, hash } = JSON.parse(text) as { turn: number } & LogEnd
  return { turn, end: { position, hash } }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
