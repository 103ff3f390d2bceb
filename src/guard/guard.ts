import { closeCodes } from '../protocol/feed.ts'
import { createTokenVerifier, type TokenVerifier } from '../verifier/token-verifier.ts'
import { rejected, type Decision, type Verdict } from '../verifier/verdict.ts'
import { askServer } from './ask.ts'
import { checkOptions } from './check-options.ts'
import { runtimeClock, type GuardClock } from './clock.ts'
import { FeedReader } from './feed-reader.ts'
import { Following } from './following.ts'
import { GuardKeys } from './keys.ts'
import { guardRules, Lease, type GuardRules } from './lease.ts'
import type {
  CheckOptions,
  Guard,
  GuardLog,
  GuardOptions,
  GuardStatus,
  OnStale,
} from './options.ts'
import { connectWebSocket } from './transport.ts'
import { Watches } from './watches.ts'

const software = 'outright-guard/1'
const cacheSize = 10_000
const askTimeoutMs = 1000
const sweepEveryMs = 1000
/** Keys are fetched anew every ten minutes. */
const sweepsPerKeys = 600

const silent: GuardLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

/**
 * Makes a guard and starts to follow the server. It decides about tokens in memory, and knows of
 * every logout before the logout is answered.
 *
 * @throws {TypeError} If `server` is not an http or https URL, `credential` is empty, or an option
 *   is out of its range.
 */
export function createGuard(options: GuardOptions): Guard {
  return createGuardWithRules(options, guardRules)
}

/** The same with the rules of the lease as a parameter, for the simulation that breaks them. */
export function createGuardWithRules(options: GuardOptions, rules: GuardRules): Guard {
  return new ServerGuard(options, rules)
}

class ServerGuard implements Guard {
  readonly #options: GuardOptions
  readonly #rules: GuardRules
  readonly #server: string
  readonly #clock: GuardClock
  readonly #log: GuardLog
  readonly #lease: Lease
  readonly #following = new Following()
  readonly #keys: GuardKeys
  readonly #verifier: TokenVerifier
  readonly #lenient: TokenVerifier
  readonly #watches: Watches
  readonly #reader: FeedReader
  readonly #counters = {
    accepted: 0,
    missing: 0,
    invalid: 0,
    expired: 0,
    revoked: 0,
    stale: 0,
    allowedStale: 0,
    asked: 0,
    snapshots: 0,
    entries: 0,
  }
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = []
  #lagMs: number | undefined
  /** Whether a lease has come over the connection that is open. */
  #isFollowing = false
  #sweeps = 0
  /** Accepted without a lease since the log was last told. */
  #allowedUntold = 0
  #closed = false
  #cancelSweep: (() => void) | undefined

  constructor(options: GuardOptions, rules: GuardRules) {
    checkOptions(options)
    this.#options = options
    this.#rules = rules
    this.#server = serverUrl(options.server)
    this.#clock = options.clock ?? runtimeClock
    this.#log = options.log ?? silent
    this.#lease = new Lease(this.#clock, rules)
    this.#keys = new GuardKeys(this.#server, options)
    this.#verifier = this.#makeVerifier(
      (nowMs) => !rules.judgesLast || this.#lease.leftMs(nowMs) > 0,
    )
    this.#lenient = this.#makeVerifier(() => true)
    this.#watches = new Watches(this.#following, (error) => {
      this.#log.error({ error: String(error) }, 'a watch failed')
    })
    this.#reader = this.#makeReader()
    this.#reader.start()
    this.#sweepLater()
  }

  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(new Error('Cannot get ready: the guard is closed'))
    if (this.#lease.held) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  check(token: string | undefined, options: CheckOptions = {}): Promise<Verdict> {
    const audience = options.audience ?? this.#options.audience
    // Nearly every check ends here: nothing is waited for, and nothing allocated.
    return this.#decided(token, audience)?.promise ?? this.#checkSlowly(token, audience, options)
  }

  checkNow(token: string | undefined, options: CheckOptions = {}): Verdict | undefined {
    return this.#decided(token, options.audience ?? this.#options.audience)?.verdict
  }

  /** Counted, where it is there: without a lease the policy has to say what becomes of the token. */
  #decided(token: string | undefined, audience: string | undefined): Decision | undefined {
    const known = this.#rules.judgesLast ? this.#verifier.verifyKnown(token, audience) : undefined
    if (known === undefined || known === rejected.stale) return undefined
    this.#count(known.verdict)
    return known
  }

  async #checkSlowly(
    token: string | undefined,
    audience: string | undefined,
    options: CheckOptions,
  ): Promise<Verdict> {
    const verdict = await this.#decide(this.#verifier, token, audience)
    if (!verdict.ok && verdict.reason === 'stale' && !this.#closed) {
      this.#reader.hurry()
      const policy = options.onStale ?? this.#options.onStale ?? 'refuse'
      return this.#count(await this.#decideStale(policy, token ?? '', audience))
    }
    return this.#count(verdict)
  }

  watch(claims: Parameters<Guard['watch']>[0], callback: () => void): () => void {
    return this.#watches.add(claims, callback)
  }

  status(): GuardStatus {
    const leaseLeftMs = this.#lease.leftMs()
    return {
      fresh: leaseLeftMs > 0,
      connected: this.#reader.connected,
      leaseLeftMs,
      entries: this.#following.entries,
      position: Object.fromEntries(this.#following.position),
      lagMs: this.#lagMs,
      watches: this.#watches.size,
      counters: {
        ...this.#counters,
        connections: this.#reader.attempts,
        ended: this.#watches.fired,
      },
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#lease.drop()
    this.#tellAllowed()
    this.#cancelSweep?.()
    this.#reader.close()
    this.#watches.clear()
    this.#rejectWaiting('the guard is closed')
  }

  get #issuer(): string | undefined {
    return this.#options.issuer ?? this.#following.issuer
  }

  async #decide(
    verifier: TokenVerifier,
    token: string | undefined,
    audience: string | undefined,
  ): Promise<Verdict> {
    if (!this.#rules.judgesLast && !this.#lease.held) return { ok: false, reason: 'stale' }
    const failuresBefore = this.#keys.failures
    const nameless = this.#issuer === undefined
    try {
      const verdict = await verifier.verify(token, audience)
      // Without the keys or the issuer's name, nobody knows whether the token is good.
      const unknown = nameless || this.#keys.failures !== failuresBefore
      if (unknown && !verdict.ok && verdict.reason === 'invalid')
        return { ok: false, reason: 'stale' }
      return verdict
    } catch (error) {
      this.#log.error({ error: String(error) }, 'a token could not be checked')
      return { ok: false, reason: 'stale' }
    }
  }

  async #decideStale(
    policy: OnStale,
    token: string,
    audience: string | undefined,
  ): Promise<Verdict> {
    switch (policy) {
      case 'ask': {
        this.#counters.asked++
        const { fetch = globalThis.fetch, askTimeoutMs: timeoutMs = askTimeoutMs } = this.#options
        const asked = { server: this.#server, fetch, timeoutMs, clock: this.#clock }
        return askServer(asked, token, audience)
      }
      case 'allow': {
        const verdict = await this.#decide(this.#lenient, token, audience)
        if (verdict.ok) {
          this.#counters.allowedStale++
          this.#allowedUntold++
        }
        return verdict
      }
      case 'refuse':
      // Nor is anything accepted by a policy that nobody knows, where the types were not looked at.
      default:
        return { ok: false, reason: 'stale' }
    }
  }

  /** With every sweep, so that a busy route does not write a line for each of its requests. */
  #tellAllowed(): void {
    if (this.#allowedUntold === 0) return
    this.#log.warn({ allowed: this.#allowedUntold }, 'tokens were accepted without a lease')
    this.#allowedUntold = 0
  }

  #count(verdict: Verdict): Verdict {
    this.#counters[verdict.ok ? 'accepted' : verdict.reason]++
    return verdict
  }

  #makeVerifier(isCurrent: (nowMs: number) => boolean): TokenVerifier {
    return createTokenVerifier({
      replica: this.#following,
      keys: this.#keys.find,
      issuer: () => this.#issuer ?? '',
      nowMs: () => this.#clock.nowMs(),
      // The node forgets by its own clock: what has expired there has expired here, too.
      overMs: () => this.#following.nodeSeconds * 1000,
      isCurrent,
      capacity: this.#options.cacheSize ?? cacheSize,
    })
  }

  #makeReader(): FeedReader {
    const { credential, connect = connectWebSocket, name = 'guard' } = this.#options
    return new FeedReader({
      target: { server: this.#server, credential },
      connect,
      clock: this.#clock,
      random: this.#options.random ?? runtimeRandom,
      makeInstance: () => crypto.getRandomValues(new Uint8Array(16)),
      session: {
        clock: this.#clock,
        rules: this.#rules,
        lease: this.#lease,
        following: this.#following,
        name,
        software,
        applied: (words, count) => {
          this.#counters.entries += count
          this.#watches.applied(words, count)
        },
        replaced: () => {
          this.#counters.snapshots++
          this.#renewTrust()
          this.#watches.replaced(Math.max(this.#clock.nowMs() / 1000, this.#following.nodeSeconds))
        },
        renewed: (lagMs) => {
          this.#renewed(lagMs)
        },
      },
      disconnected: (code, reason) => {
        this.#disconnected(code, reason)
      },
    })
  }

  /** Another run of the server, perhaps on another database: it has to vouch for every token anew. */
  #renewTrust(): void {
    this.#keys.renew()
    this.#verifier.forget()
    this.#lenient.forget()
  }

  #renewed(lagMs: number): void {
    if (!this.#isFollowing) this.#log.info({ lagMs }, 'the feed is followed')
    this.#isFollowing = true
    this.#lagMs = lagMs
    this.#reader.succeeded()
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  #disconnected(code: number, reason: string): void {
    this.#isFollowing = false
    this.#log.warn({ server: this.#server, code, reason }, 'the feed was disconnected')
    if (code === closeCodes.credentialRefused) {
      this.#rejectWaiting(`the server refused the credential (${reason})`)
    }
  }

  #rejectWaiting(why: string): void {
    const error = new Error(`Cannot get ready: ${why}`)
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  #sweepLater(): void {
    this.#cancelSweep = this.#clock.after(sweepEveryMs, () => {
      this.#following.forget(Math.floor(this.#clock.nowMs() / 1000))
      this.#tellAllowed()
      if (++this.#sweeps % sweepsPerKeys === 0) this.#keys.prefetch()
      this.#sweepLater()
    })
  }
}

function serverUrl(server: string): string {
  const { origin, pathname } = new URL(server)
  return (origin + pathname).replace(/\/+$/, '')
}

function runtimeRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 0x1_0000_0000
}
