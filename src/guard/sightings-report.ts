import { sightingsPath, type SightingRules, type WireSightings } from '../protocol/sightings.ts'
import { sightingOf, Sightings } from '../verifier/sightings.ts'
import type { ForeignNames } from '../verifier/token-facts.ts'
import type { GuardClock } from './clock.ts'

export interface SightingsReportOptions {
  readonly server: string
  readonly credential: string
  readonly fetch: typeof globalThis.fetch | undefined
  readonly clock: GuardClock
}

/** Of between two calls. */
const CAPACITY = 1024
const TIMEOUT_MS = 3000

/**
 * Tells the server of logins at other issuers, for people who look for them. Nothing waits for it
 * and nothing depends on it: what does not arrive is told of when it is seen again.
 */
export class SightingsReport {
  /** As the server says them; undefined: nothing is told, and nothing remembered. */
  rules: SightingRules | undefined
  readonly #options: SightingsReportOptions
  readonly #sightings = new Sightings(CAPACITY)
  #toldAtMs = -Infinity

  constructor(options: SightingsReportOptions) {
    this.#options = options
  }

  add(token: ForeignNames): void {
    if (this.rules !== undefined) this.#sightings.add(sightingOf(token))
  }

  /** Call it now and then. */
  tell(): void {
    const { clock } = this.#options
    const { rules } = this
    if (rules === undefined || this.#sightings.size === 0) return
    if (clock.monotonicMs() - this.#toldAtMs < rules.everyMs) return
    this.#toldAtMs = clock.monotonicMs()
    void this.#post({ sightings: this.#sightings.take(rules.most) })
  }

  /** Never rejects. */
  async #post(body: WireSightings): Promise<void> {
    const { server, credential, fetch = globalThis.fetch } = this.#options
    try {
      const answer = await fetch(server + sightingsPath, {
        method: 'POST',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      await answer.body?.cancel()
    } catch {
      // Told of when it is seen again.
    }
  }
}
