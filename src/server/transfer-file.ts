/**
 * The file between an export and an import: lines of JSON, compressed where its name ends in `.gz`.
 *
 *     {"format":"outright-export","version":1,"tables":{…},"rows":{…}}
 *     ["subjects","maria","Maria",…]
 *     …
 *     {"end":true,"digest":"…"}
 *
 * The header names every table with its columns and says how many rows come; the digest is SHA-256,
 * base64url, over everything before the last line.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { syncToDisk } from '../stores/sqlite/files.ts'
import {
  columnsOf,
  fromJson,
  tables,
  toJson,
  type Counts,
  type Row,
  type TableName,
} from '../stores/transfer/tables.ts'
import type { TransferSource } from '../stores/transfer/transfer.ts'

const FORMAT = 'outright-export'
const VERSION = 1

/** More than any row of ours; a longer one is not such a file. */
const MAX_LINE_LENGTH = 16 * 1024 * 1024

type Progress = (done: number) => void

/**
 * Writes a file for its owner alone. It gets its name when it is whole and on the disk.
 *
 * @throws {Error} Where it cannot be written.
 */
export async function writeTransfer(
  file: string,
  source: TransferSource,
  onProgress: Progress,
): Promise<void> {
  const partial = `${file}.partial`
  await rm(partial, { force: true })
  try {
    const lines = Readable.from(encode(source, onProgress))
    const target = createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true })
    if (isCompressed(file)) await pipeline(lines, createGzip({ level: 6 }), target)
    else await pipeline(lines, target)
    await rename(partial, file)
    syncToDisk(dirname(file))
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
}

function isCompressed(file: string): boolean {
  return file.endsWith('.gz')
}

async function* encode(source: TransferSource, onProgress: Progress): AsyncGenerator<Buffer> {
  const digest = createHash('sha256')
  const hashed = (text: string): Buffer => {
    const bytes = Buffer.from(text)
    digest.update(bytes)
    return bytes
  }
  yield hashed(`${JSON.stringify(headerOf(source.counts))}\n`)
  let done = 0
  for (const { name } of tables) {
    for await (const rows of source.rows(name)) {
      yield hashed(rows.map((row) => `${JSON.stringify([name, ...toJson(row)])}\n`).join(''))
      done += rows.length
      onProgress(done)
    }
  }
  yield Buffer.from(`${JSON.stringify({ end: true, digest: digest.digest('base64url') })}\n`)
}

function headerOf(counts: Counts): object {
  const columns = tables.map(({ name }) => [name, columnsOf(name)] as const)
  return { format: FORMAT, version: VERSION, tables: Object.fromEntries(columns), rows: counts }
}

/** What is read of a file, in this order: its header, its rows, its end. */
export type TransferPart =
  | { readonly kind: 'header'; readonly counts: Counts }
  | { readonly kind: 'rows'; readonly table: TableName; readonly rows: readonly Row[] }
  /** The digest is right, and all rows came. */
  | { readonly kind: 'end' }

/** Rows that are handed on at once. */
const CHUNK = 500

/**
 * Reads a file. A caller that stores its rows must undo that unless `end` came.
 *
 * @throws {Error} Where it is not such a file, is of another version, damaged, or breaks off.
 */
export async function* readTransfer(file: string): AsyncGenerator<TransferPart> {
  const digest = createHash('sha256')
  const reader = new Reader()
  for await (const line of linesOf(file)) {
    if (reader.ended) throw new Error('something stands behind its end')
    // The last line is the only one that the digest does not cover.
    if (line[0] === OBJECT && reader.begun) {
      yield* reader.end(line, digest.digest('base64url'))
      continue
    }
    digest.update(line).update('\n')
    yield* reader.take(line)
  }
  if (!reader.ended) throw new Error('it breaks off')
}

/** `{` */
const OBJECT = 0x7b

class Reader {
  #counts: Counts | undefined
  #table: TableName | undefined
  #rows: Row[] = []
  readonly #seen = new Map<TableName, number>()
  ended = false

  get begun(): boolean {
    return this.#counts !== undefined
  }

  *take(line: Buffer): Generator<TransferPart> {
    if (this.#counts === undefined) {
      this.#counts = readHeader(line)
      yield { kind: 'header', counts: this.#counts }
      return
    }
    const [name, ...values] = parse(line) as [TableName, ...unknown[]]
    const row = tables.some((table) => table.name === name) ? fromJson(name, values) : undefined
    if (row === undefined) throw new Error('a line of it is not what was written')
    if (name !== this.#table || this.#rows.length === CHUNK) yield* this.#flush()
    this.#table = name
    this.#rows.push(row)
    this.#seen.set(name, (this.#seen.get(name) ?? 0) + 1)
  }

  *end(line: Buffer, digest: string): Generator<TransferPart> {
    const last = parse(line) as { readonly end?: unknown; readonly digest?: unknown }
    if (last.end !== true || last.digest !== digest) throw new Error('its digest is not right')
    yield* this.#flush()
    for (const { name } of tables) {
      if (this.#counts?.[name] !== (this.#seen.get(name) ?? 0)) {
        throw new Error(`it does not have all the ${name} that it promises`)
      }
    }
    this.ended = true
    yield { kind: 'end' }
  }

  *#flush(): Generator<TransferPart> {
    if (this.#table !== undefined && this.#rows.length > 0) {
      yield { kind: 'rows', table: this.#table, rows: this.#rows }
    }
    this.#rows = []
  }
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch (error) {
    throw new Error('a line of it is not what was written', { cause: error })
  }
}

type Header = Partial<Record<'format' | 'version' | 'tables' | 'rows', unknown>>

/** How every SQLite database begins. */
const SQLITE_MAGIC = 'SQLite format 3'

/** Undefined where the file does not begin as JSON: it is another one, and not a damaged export. */
function headerIn(line: Buffer): Header | null | undefined {
  try {
    return JSON.parse(line.toString('utf8')) as Header | null
  } catch {
    return undefined
  }
}

function readHeader(line: Buffer): Counts {
  const header = headerIn(line)
  if (header?.format !== FORMAT) {
    const isDatabase = line.toString('latin1', 0, SQLITE_MAGIC.length) === SQLITE_MAGIC
    const instead = isDatabase ? ', but a database: outright restore takes a backup' : ''
    throw new Error(`it is not an export of Outright${instead}`)
  }
  const expected = JSON.stringify({ ...headerOf(header.rows as Counts) })
  if (header.version !== VERSION || JSON.stringify(header) !== expected) {
    throw new Error('another version of Outright wrote it: use that one, then migrate')
  }
  return header.rows as Counts
}

/** Only `\n` ends a line: JSON may hold other characters that some readers take for one. */
async function* linesOf(file: string): AsyncGenerator<Buffer> {
  const source = createReadStream(file)
  const gunzip = isCompressed(file) ? createGunzip() : undefined
  const bytes = gunzip === undefined ? source : source.pipe(gunzip)
  // A pipe does not hand errors on.
  source.on('error', (error) => gunzip?.destroy(error))
  let rest = Buffer.alloc(0)
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      yield rest.length === 0
        ? chunk.subarray(from, at)
        : Buffer.concat([rest, chunk.subarray(from, at)])
      rest = Buffer.alloc(0)
      from = at + 1
    }
    rest = Buffer.concat([rest, chunk.subarray(from)])
    if (rest.length > MAX_LINE_LENGTH) throw new Error('a line of it is too long')
  }
  if (rest.length > 0) throw new Error('it breaks off')
}
