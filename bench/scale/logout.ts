/** A logout in the simulated world: when what happened to it, in true time. */
import type { SimulatedProcess, TrueTime } from '../../src/testing/simulated-process.ts'
import type { PoolToken } from '../../src/testing/token-pool.ts'
import type { NewEntry } from './store.ts'

export class Logout {
  readonly token: PoolToken
  readonly entry: NewEntry
  /** Whether things went wrong on purpose when it was asked for. */
  readonly amidFaults: boolean
  readonly #time: TrueTime
  readonly #onConfirmed: (logout: Logout) => void
  /** The run of the node that was asked. */
  askedAt: SimulatedProcess | undefined
  /** Where in the log it is; undefined before the commit. */
  place: { readonly stream: string; readonly sequence: number } | undefined
  committedMs: number | undefined
  /** When the node that was asked knew of the commit. */
  answeredMs: number | undefined
  /** The same on that node's clock. */
  answeredOwnMs = 0
  /** When its own guards had acknowledged. */
  ownGuardsMs: number | undefined
  /** When the last of the other nodes had applied it, and when the last one's guards had. */
  newsMs: number | undefined
  otherGuardsMs: number | undefined
  confirmedMs: number | undefined
  /** How long that took on the clock of the node that was asked. */
  tookOwnMs = 0

  constructor(
    token: PoolToken,
    entry: NewEntry,
    amidFaults: boolean,
    time: TrueTime,
    onConfirmed: (logout: Logout) => void,
  ) {
    this.token = token
    this.entry = entry
    this.amidFaults = amidFaults
    this.#time = time
    this.#onConfirmed = onConfirmed
  }

  /** It is durable, and the node that was asked knows. */
  answered(process: SimulatedProcess): void {
    this.answeredMs = this.#time.nowMs
    this.answeredOwnMs = process.monotonicMs()
  }

  confirmed(process: SimulatedProcess): void {
    if (!process.alive) return
    this.confirmedMs = this.#time.nowMs
    this.tookOwnMs = process.monotonicMs() - this.answeredOwnMs
    this.#onConfirmed(this)
  }
}
