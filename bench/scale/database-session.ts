/**
 * A node's connection to the database: statements arrive after the way there, take their turn, and
 * their answers take the way back. A connection whose answers stay away for too long is lost, and
 * what was on its way may or may not have been done.
 */
import type { NodeRows, NodeTable } from '../../src/stores/node-table.ts'
import { writePosition } from '../../src/stores/node-table.ts'
import type { SimulatedDatabase } from './database.ts'
import type { Place, Wires } from './guard-link.ts'

/** Where the database is. */
export const databaseRegion = 0

/** Until a statement has read what is in memory, milliseconds. */
const readMs = 0.1
/** Until a commit is on the disk, milliseconds. */
const commitMs = 1
/** What a statement and its answer are beside their values: headers, names, a tag. */
const statementBytes = 60

class LostConnection extends Error {
  override readonly name = 'LostConnection'
}

export interface SessionOptions {
  readonly database: SimulatedDatabase
  readonly wires: Wires
  readonly node: Place
  /** After this long without an answer the connection is lost. */
  readonly answerMs: number
  /** Called in a turn in which promises were settled. */
  readonly settled: () => void
}

interface Statement<T> {
  readonly kind: string
  readonly writes: boolean
  /** Bytes of its values. */
  readonly bytes: number
  readonly run: (database: SimulatedDatabase) => T
  readonly answerBytes?: (answer: T) => number
}

export class DatabaseSession {
  readonly #options: SessionOptions
  #there = 0
  #back = 0

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /** Sends a statement behind those that were sent before. */
  run<T>({ kind, writes, bytes, run, answerBytes }: Statement<T>): Promise<T> {
    const { database, wires, node, answerMs, settled } = this.#options
    const { time, geography, meter } = wires
    return new Promise((resolve, reject) => {
      const giveUp = node.process.after(answerMs, () => {
        settled()
        reject(new LostConnection('the database did not answer'))
      })
      const arrivesMs = time.nowMs + geography.delayMs(node.region, databaseRegion)
      this.#there = Math.max(this.#there, arrivesMs) + (writes ? commitMs : readMs)
      time.after(this.#there - time.nowMs, () => {
        const answer = run(database)
        meter.message(kind, 2 * statementBytes + bytes + (answerBytes?.(answer) ?? 0))
        const backMs = time.nowMs + geography.delayMs(databaseRegion, node.region)
        this.#back = Math.max(this.#back, backMs)
        time.after(this.#back - time.nowMs, () => {
          node.process.run(() => {
            giveUp()
            settled()
            resolve(answer)
          })
        })
      })
    })
  }
}

/** The notifier of a node, over a connection of its own. */
export class SimulatedNotifier {
  readonly #listeners = new Set<(payload: string) => void>()
  readonly #close: () => void

  constructor({ database, wires, node, settled }: Omit<SessionOptions, 'answerMs'>) {
    const { time, geography, meter } = wires
    let lastMs = 0
    const heard = (payload: string): void => {
      meter.message('notifier', statementBytes + payload.length)
      lastMs = Math.max(lastMs, time.nowMs + geography.delayMs(databaseRegion, node.region))
      time.after(lastMs - time.nowMs, () => {
        node.process.run(() => {
          settled()
          for (const listener of this.#listeners) listener(payload)
        })
      })
    }
    database.listen(heard)
    this.#close = () => {
      database.unlisten(heard)
    }
  }

  onNotification(listener: (payload: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#close()
  }
}

/** The table of nodes over such connections. */
export function simulatedNodeTable(options: SessionOptions): NodeTable {
  let rows = rowsOver(new DatabaseSession(options))
  return {
    connect: () => Promise.resolve(rows),
    use: (work) => work(rows),
    failed(error) {
      if (!(error instanceof LostConnection)) throw error
      rows = rowsOver(new DatabaseSession(options))
      return error.message
    },
    close: () => Promise.resolve(),
  }
}

function rowsOver(session: DatabaseSession): NodeRows {
  const heads: NodeRows['heads'] = () =>
    session.run({
      kind: 'read heads',
      writes: false,
      bytes: 0,
      run: (database) => database.heads(),
      answerBytes: positionBytes,
    })
  return {
    heads,
    add: (row) =>
      session.run({
        kind: 'join',
        writes: true,
        bytes: row.acknowledged.length + row.member.length,
        run: (database) => {
          database.addNode(row)
        },
      }),
    list: () =>
      session.run({
        kind: 'list nodes',
        writes: false,
        bytes: 0,
        run: (database) => database.listNodes(),
        answerBytes: (found) =>
          found.reduce((sum, { acknowledged }) => sum + 80 + acknowledged.length, 0),
      }),
    async renew(member, acknowledged) {
      const text = writePosition(acknowledged)
      const [renewed, position] = await Promise.all([
        session.run({
          kind: 'renew',
          writes: true,
          bytes: text.length + member.length,
          run: (database) => database.renewNode(member, text),
        }),
        heads(),
      ])
      return renewed ? position : undefined
    },
    tell({ member, name }, acknowledged) {
      const text = writePosition(acknowledged)
      return session.run({
        kind: 'acknowledge',
        // Not durable: it does not wait for the disk.
        writes: false,
        bytes: text.length + member.length,
        run: (database) => {
          database.tellNode(member, text)
          database.notify(`node ${name}`)
        },
      })
    },
    remove: (member, renewals) =>
      session.run({
        kind: 'remove',
        writes: true,
        bytes: member.length,
        run: (database) => {
          database.removeNode(member, renewals)
        },
      }),
  }
}

/** A row of a name and a number for each stream. */
function positionBytes(position: ReadonlyMap<string, number>): number {
  let bytes = 0
  for (const name of position.keys()) bytes += name.length + 20
  return bytes
}
