/**
 * The database that all simulated nodes share: streams, the table of nodes, tickets and the
 * notifier. It does what its statements mean, at once and one after another, and knows nothing of
 * leases. It keeps what it has committed.
 */
import type { Position, Revocation } from '../../src/domain/revocation.ts'
import type { Ticket } from '../../src/ports/ticket.ts'
import type { NodeRow } from '../../src/stores/node-table.ts'

interface Stream {
  /** Raised by every process that takes the stream over. */
  epoch: number
  readonly entries: Revocation[]
}

export class SimulatedDatabase {
  readonly #streams = new Map<string, Stream>()
  readonly #nodes = new Map<string, NodeRow>()
  readonly #tickets = new Map<string, Ticket>()
  readonly #listeners = new Set<(payload: string) => void>()

  /** A process begins to write a stream: who wrote it before can do so no more. */
  claim(name: string): number {
    const stream = this.#streams.get(name) ?? { epoch: 0, entries: [] }
    this.#streams.set(name, stream)
    return ++stream.epoch
  }

  /**
   * Commits entries and notifies the nodes.
   *
   * @returns False where another process has taken the stream.
   */
  append(name: string, epoch: number, entries: readonly Revocation[]): boolean {
    const stream = this.#streams.get(name)
    if (stream?.epoch !== epoch) return false
    for (const entry of entries) {
      // Asked again after an answer that was lost: it is there already.
      if (entry.sequence === stream.entries.length + 1) stream.entries.push(entry)
    }
    this.notify(`log ${name}`)
    return true
  }

  heads(): Position {
    return new Map([...this.#streams].map(([name, { entries }]) => [name, entries.length]))
  }

  readStream(name: string, after: number, limit: number): readonly Revocation[] {
    return this.#streams.get(name)?.entries.slice(after, after + limit) ?? []
  }

  entries(): readonly Revocation[] {
    return [...this.#streams.values()].flatMap(({ entries }) => entries)
  }

  addNode(row: Omit<NodeRow, 'renewals'>): void {
    if (!this.#nodes.has(row.member)) this.#nodes.set(row.member, { ...row, renewals: 0 })
  }

  listNodes(): readonly NodeRow[] {
    return [...this.#nodes.values()]
  }

  /** False where the row is gone. */
  renewNode(member: string, acknowledged: string): boolean {
    const row = this.#nodes.get(member)
    if (row === undefined) return false
    this.#nodes.set(member, { ...row, acknowledged, renewals: row.renewals + 1 })
    return true
  }

  tellNode(member: string, acknowledged: string): void {
    const row = this.#nodes.get(member)
    if (row !== undefined) this.#nodes.set(member, { ...row, acknowledged })
  }

  removeNode(member: string, renewals: number | undefined): void {
    const row = this.#nodes.get(member)
    if (renewals === undefined || row?.renewals === renewals) this.#nodes.delete(member)
  }

  putTicket(ticket: Ticket): void {
    this.#tickets.set(`${ticket.kind} ${ticket.key}`, ticket)
  }

  listTickets(
    kind: string,
    keyPrefix: string,
    limit: number,
    after: string | undefined,
  ): readonly Ticket[] {
    const all = [...this.#tickets.values()].filter((one) => one.kind === kind)
    return all
      .filter(({ key }) => key.startsWith(keyPrefix) && (after === undefined || key > after))
      .slice(0, limit)
  }

  listen(listener: (payload: string) => void): void {
    this.#listeners.add(listener)
  }

  unlisten(listener: (payload: string) => void): void {
    this.#listeners.delete(listener)
  }

  notify(payload: string): void {
    for (const listener of this.#listeners) listener(payload)
  }
}
