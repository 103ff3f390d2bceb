/**
 * What must hold, watched while it happens: no verifier accepts after a confirmation, every
 * confirmation comes in time, and nothing else has ended.
 */
import type { SeededRandom } from '../../src/testing/seeded-random.ts'
import type { TrueTime } from '../../src/testing/simulated-process.ts'
import type { PoolToken } from '../../src/testing/token-pool.ts'
import type { SimulatedGuard } from './guard.ts'
import type { Logout } from './logout.ts'

/** A violation of an invariant: the simulation ends with it. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export interface CheckerOptions {
  readonly time: TrueTime
  readonly random: SeededRandom
  readonly guards: readonly SimulatedGuard[]
  /** Guards that something has happened to lately, which are asked more often. */
  readonly troubled: ReadonlySet<SimulatedGuard>
  /** A lease and all its margins. */
  readonly boundMs: number
  /** Called in a turn in which a check began. */
  readonly settled: () => void
}

export interface CheckCounts {
  accepted: number
  refused: number
  stale: number
}

/** Guards asked at once, of all and of the troubled. */
const sample = 50
const troubledSample = 150
/** When a confirmed logout is looked at again. */
const againAfterMs = [5, 100, 500, 1000, 2000]

export class Checker {
  readonly counts: CheckCounts = { accepted: 0, refused: 0, stale: 0 }
  readonly #options: CheckerOptions
  readonly #confirmed = new Set<PoolToken>()
  readonly #loggedOut = new Set<PoolToken>()
  #violation: string | undefined

  constructor(options: CheckerOptions) {
    this.#options = options
  }

  /** Throws what was found. Checks fall outside the turns of the simulation, so they cannot. */
  complain(): void {
    if (this.#violation !== undefined) throw new Violation(this.#violation)
  }

  /** From now on some may refuse the token. */
  loggedOut(token: PoolToken): void {
    this.#loggedOut.add(token)
  }

  /** From now on all have to. */
  confirmed(logout: Logout): void {
    this.#confirmed.add(logout.token)
    const { time, boundMs } = this.#options
    if (logout.tookOwnMs > boundMs) {
      this.#found(`a logout took ${logout.tookOwnMs.toFixed(0)} ms, over ${boundMs.toFixed(0)} ms`)
    }
    this.lookAt(logout.token)
    for (const afterMs of againAfterMs) {
      time.after(afterMs, () => {
        this.lookAt(logout.token)
      })
    }
  }

  /** Shows a token to some guards. */
  lookAt(token: PoolToken): void {
    const { random, guards, troubled } = this.#options
    for (let count = 0; count < sample; count++) this.check(random.pick(guards), token)
    const few = [...troubled]
    for (let count = 0; count < Math.min(troubledSample, few.length); count++) {
      this.check(random.pick(few), token)
    }
  }

  /** Shows a token to a guard, now or when it goes on. */
  check(asked: SimulatedGuard, token: PoolToken): void {
    asked.process.run(() => {
      this.#options.settled()
      void this.#judge(asked, token)
    })
  }

  async #judge({ guard }: SimulatedGuard, token: PoolToken): Promise<void> {
    const verdict = await guard.check(token.jwt)
    if (verdict.ok) {
      this.counts.accepted++
      if (this.#confirmed.has(token)) this.#found('a guard accepted a token after its logout')
      return
    }
    if (verdict.reason === 'stale') {
      this.counts.stale++
      return
    }
    this.counts.refused++
    if (verdict.reason !== 'revoked') this.#found(`a guard found a good token ${verdict.reason}`)
    if (!this.#loggedOut.has(token)) this.#found('a guard refused what was not logged out')
  }

  #found(violation: string): void {
    this.#violation ??= `at ${this.#options.time.nowMs.toFixed(1)} ms: ${violation}`
  }
}
