import { accepted, NotAccepted, repeat, type ProbeOptions, type Settled } from './probe.ts'

/** What a probe keeps open: it is opened once at a time, and a first time to begin with. */
export class Opening {
  readonly #open: () => Promise<Settled>
  #current: Promise<Settled> | undefined

  /** @param open Never rejects. */
  constructor(open: () => Promise<Settled>) {
    this.#open = open
  }

  get isUnderWay(): boolean {
    return this.#current !== undefined
  }

  /** Opens it, or waits for the attempt that is under way. Never rejects. */
  attempt(): Promise<Settled> {
    this.#current ??= this.#open().finally(() => {
      this.#current = undefined
    })
    return this.#current
  }

  /**
   * Opens it a first time, and then calls `tick` at the probe's rate.
   *
   * @returns Stops that.
   * @throws {NotAccepted} Where the first attempt was not accepted.
   */
  async begin({ clock, everyMs }: ProbeOptions, tick: () => void): Promise<() => void> {
    const first = await this.attempt()
    if (first.outcome !== accepted.outcome) throw new NotAccepted(first.why)
    return repeat(clock, everyMs, tick)
  }
}
