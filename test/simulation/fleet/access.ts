import type { Delivery } from '../../../src/domain/delivery.ts'
import type { ClaimCommand, SettleCommand } from '../../../src/ports/delivery.ts'
import type {
  FileCommands,
  FileCommandName,
  LongQueries,
  PointQueries,
} from '../../../src/stores/commands.ts'
import type { Listeners } from '../../../src/stores/listeners.ts'
import { simulatedEpochMs, type SimulatedProcess } from '../../../src/testing/simulated-process.ts'
import { Line, type Wires } from './line.ts'

const commitMs = [0.2, 4] as const
const readMs = [0.05, 0.4] as const

/** A process's ways into the database, in place of threads and connections. */
export class SimulatedAccess {
  readonly #wires: Wires
  readonly #process: SimulatedProcess
  readonly #stream: string
  readonly #listeners: Listeners
  readonly #writing: Line
  readonly #reading: Line

  constructor(wires: Wires, process: SimulatedProcess, stream: string, listeners: Listeners) {
    this.#wires = wires
    this.#process = process
    this.#stream = stream
    wires.database.writers.set(stream, process)
    this.#listeners = listeners
    this.#writing = new Line(wires, process)
    this.#reading = new Line(wires, process)
  }

  /** All in this process know of new entries before the caller that made them is answered. */
  async change<K extends FileCommandName>(
    name: K,
    ...input: Parameters<FileCommands[K]>
  ): Promise<ReturnType<FileCommands[K]>> {
    const { database, truth } = this.#wires
    const { value } = await this.#writing.ask(
      () => {
        if (database.writers.get(this.#stream) !== this.#process) {
          throw new Error('Cannot write: another process writes this stream')
        }
        const changed = database.change(this.#stream, name, ...input)
        truth.committed(changed.entries)
        this.#watch(name, input, changed.value)
        return changed
      },
      commitMs,
      ({ entries }) => {
        if (entries.length > 0) this.#listeners.call(entries)
      },
    )
    return value
  }

  #watch<K extends FileCommandName>(
    name: K,
    [command]: Parameters<FileCommands[K]>,
    value: ReturnType<FileCommands[K]>,
  ): void {
    const { claims } = this.#wires
    if (name === 'claimDeliveries')
      claims.claimed(this.#process, command as ClaimCommand, value as readonly Delivery[])
    if (name === 'settleDelivery' && value === true)
      claims.settled(this.#process, command as SettleCommand)
  }

  find<K extends keyof PointQueries>(
    name: K,
    ...input: Parameters<PointQueries[K]>
  ): Promise<ReturnType<PointQueries[K]>> {
    return this.#reading.ask(() => this.#wires.database.find(name, ...input), readMs)
  }

  list<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): Promise<ReturnType<LongQueries[K]>> {
    return this.#reading.ask(() => this.#wires.database.list(name, ...input), readMs)
  }

  follow<K extends keyof LongQueries>(
    name: K,
    ...input: Parameters<LongQueries[K]>
  ): Promise<ReturnType<LongQueries[K]>> {
    return this.list(name, ...input)
  }

  /** The clock of the database, which is right. */
  timeMs(): Promise<number> {
    const { time } = this.#wires
    return this.#reading.ask(() => Math.floor(simulatedEpochMs + time.nowMs), readMs)
  }

  copy(): Promise<never> {
    return Promise.reject(new Error('Cannot copy: a simulated database is in memory'))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
