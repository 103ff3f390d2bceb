import type { Verdict } from '../verifier/verdict.ts'
import { callOut } from './call-out.ts'
import type { GuardLog } from './options.ts'

const silent: GuardLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** What a guard counts, and what it writes into its log. */
export class Tally {
  readonly log: GuardLog
  readonly counters = {
    accepted: 0,
    missing: 0,
    invalid: 0,
    expired: 0,
    revoked: 0,
    stale: 0,
    unproven: 0,
    allowedStale: 0,
    asked: 0,
    failures: 0,
  }
  /** Accepted without a lease since the log was last told. */
  #allowedUntold = 0

  constructor(log: GuardLog | undefined) {
    this.log = log ?? silent
  }

  count(verdict: Verdict): Verdict {
    this.counters[verdict.ok ? 'accepted' : verdict.reason]++
    return verdict
  }

  /** A token that was accepted without a lease. */
  allowed(): void {
    this.counters.allowedStale++
    this.#allowedUntold++
  }

  /** Called with every sweep, so that a busy route does not write a line for each request. */
  tellAllowed(): void {
    const allowed = this.#allowedUntold
    if (allowed === 0) return
    // First: the log may close the guard, which tells what is left.
    this.#allowedUntold = 0
    this.#say((log) => log.warn({ allowed }, 'tokens were accepted without a lease'))
  }

  failed(error: unknown, message: string): void {
    this.counters.failures++
    this.#say((log) => log.error({ error: String(error) }, message))
  }

  /** A log that fails can only be counted. */
  readonly logFailed = (): void => {
    this.counters.failures++
  }

  #say(write: (log: GuardLog) => unknown): void {
    callOut(write, this.log, this.logFailed)
  }
}
