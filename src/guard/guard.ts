import { ProofGate } from '../verifier/proof-gate.ts'
import { createTokenVerifier, type TokenVerifier } from '../verifier/token-verifier.ts'
import { rejected, type Decision, type Verdict } from '../verifier/verdict.ts'
import { askServer, type ShownProof } from './ask.ts'
import { checkOptions, checkReadyOptions } from './check-options.ts'
import type { Feed, FeedMember } from './feed.ts'
import { feedOf } from './feeds.ts'
import { guardRules, type GuardRules } from './lease.ts'
import { namedIssuers } from './named-issuers.ts'
import type {
  CheckOptions,
  Guard,
  GuardOptions,
  GuardStatus,
  OnStale,
  ProofOfKey,
  ReadyOptions,
} from './options.ts'
import { checkRuntime } from './runtime.ts'
import { sourceOf, urlBelow } from './source.ts'
import { Tally } from './tally.ts'
import { Waiting } from './waiting.ts'
import { Watches } from './watches.ts'

const cacheSize = 10_000
const askTimeoutMs = 1000

/**
 * Makes a guard, which follows the server from its first use on (`ready`, `check` or `watch`; until
 * then it does nothing, so it may be made where a module is loaded). It decides about tokens in
 * memory, and knows of every logout before the logout is answered.
 *
 * Guards of one process share the connection, the replica, the lease and the keys where their
 * `server`, `credential`, `name` and `issuer` are equal and their `fetch`, `keys`, `connect`,
 * `clock` and `random` the same: an application may make one for each audience.
 *
 * @throws {TypeError} If `server` is not an http or https URL, `credential` is empty, an option is
 *   not known or out of its range, or the runtime lacks what a guard needs.
 */
export function createGuard(options: GuardOptions): Guard {
  return createGuardWithRules(options, guardRules)
}

/** The same with the rules of the lease as a parameter, for the simulation that breaks them. */
export function createGuardWithRules(options: GuardOptions, rules: GuardRules): Guard {
  return new ServerGuard(options, rules)
}

/** The proof that came with a token, and what it makes of the token's verdict. */
interface Shown extends ShownProof {
  readonly judge: (verdict: Verdict) => Verdict
}

const alone: Shown = { judge: (verdict) => verdict }

class ServerGuard implements Guard {
  readonly #options: GuardOptions
  readonly #rules: GuardRules
  readonly #tally: Tally
  readonly #feed: Feed
  readonly #member: FeedMember
  readonly #verifier: TokenVerifier
  readonly #lenient: TokenVerifier
  readonly #watches: Watches
  readonly #waiting: Waiting
  readonly #proofs: ProofGate
  /** Requests whose proof was accepted. */
  readonly #usedProofs = new WeakSet<ProofOfKey>()
  #isUsed = false
  #closed = false

  constructor(options: GuardOptions, rules: GuardRules) {
    checkOptions(options)
    checkRuntime(options.connect === undefined)
    this.#options = Object.freeze({ ...options })
    this.#rules = rules
    this.#tally = new Tally(options.log)
    this.#feed = feedOf(sourceOf(options, rules))
    const { lease, following } = this.#feed
    // When it is closed, the lease may go on for others that follow the feed.
    this.#verifier = this.#makeVerifier(
      (nowMs) => !this.#closed && (!rules.judgesLast || lease.leftMs(nowMs) > 0),
    )
    this.#lenient = this.#makeVerifier(() => !this.#closed)
    this.#watches = new Watches(following, (error) => {
      this.#tally.failed(error, 'a watch failed')
    })
    const { clock } = this.#feed.source
    this.#waiting = new Waiting(clock)
    this.#proofs = new ProofGate(() => clock.nowMs())
    this.#member = this.#makeMember()
    this.#feed.join(this.#member)
  }

  async ready(options: ReadyOptions = {}): Promise<void> {
    checkReadyOptions(options)
    if (this.#closed) throw new Error('Cannot get ready: the guard is closed')
    this.#use()
    if (!this.#feed.lease.held) await this.#waiting.wait(options, () => this.#feed.trouble)
  }

  check(token: string | undefined, options: CheckOptions = {}): Promise<Verdict> {
    const audience = options.audience ?? this.#options.audience
    // Nearly every check ends here: nothing is waited for, and nothing allocated.
    return this.#decided(token, audience)?.promise ?? this.#checkSlowly(token, audience, options)
  }

  checkNow(token: string | undefined, options: CheckOptions = {}): Verdict | undefined {
    return this.#decided(token, options.audience ?? this.#options.audience)?.verdict
  }

  /** Counted, where it is there: without a lease the policy decides about the token. */
  #decided(token: string | undefined, audience: string | undefined): Decision | undefined {
    const known = this.#rules.judgesLast ? this.#verifier.verifyKnown(token, audience) : undefined
    if (known === undefined || known === rejected.stale) return undefined
    this.#tally.count(known.verdict)
    return known
  }

  async checkWithProof(
    token: string | undefined,
    proof: ProofOfKey,
    options: CheckOptions = {},
  ): Promise<Verdict> {
    const audience = options.audience ?? this.#options.audience
    const { jwt, method, path } = proof
    const { publicUrl } = this.#options
    const url = publicUrl === undefined ? undefined : urlBelow(publicUrl, path)
    const shown = { proof: jwt, method, url, ...(token === undefined ? {} : { token }) }
    const read = await this.#proofs.read(shown)
    // A middleware within another checks the same request again. What is frozen cannot have been
    // filled with another request meanwhile.
    const isKnownUse = Object.isFrozen(proof) && this.#usedProofs.has(proof)
    const judge = (verdict: Verdict): Verdict => this.#proofs.judge(verdict, read, isKnownUse)
    const verdict = await this.#checkSlowly(token, audience, options, { ...shown, judge })
    if (verdict.ok) this.#usedProofs.add(proof)
    return verdict
  }

  async #checkSlowly(
    token: string | undefined,
    audience: string | undefined,
    options: CheckOptions,
    shown: Shown = alone,
  ): Promise<Verdict> {
    try {
      this.#use()
      const verdict = shown.judge(await this.#decide(this.#verifier, token, audience))
      if (verdict.ok || verdict.reason !== 'stale' || this.#closed)
        return this.#tally.count(verdict)
      this.#feed.renewNow()
      const policy = options.onStale ?? this.#options.onStale ?? 'refuse'
      return this.#tally.count(await this.#decideStale(policy, token ?? '', audience, shown))
    } catch (error) {
      this.#tally.failed(error, 'a token could not be checked')
      return this.#tally.count(rejected.stale.verdict)
    }
  }

  watch(claims: Parameters<Guard['watch']>[0], callback: () => void): () => void {
    this.#use()
    return this.#watches.add(claims, callback)
  }

  status(): GuardStatus {
    const { lease, following, connected, lagMs, connections, snapshots, entries } = this.#feed
    const leaseLeftMs = this.#closed ? 0 : lease.leftMs()
    return {
      fresh: leaseLeftMs > 0,
      connected: connected && !this.#closed,
      leaseLeftMs,
      entries: following.entries,
      position: Object.fromEntries(following.position),
      lagMs,
      watches: this.#watches.size,
      counters: {
        ...this.#tally.counters,
        connections,
        snapshots,
        entries,
        ended: this.#watches.fired,
      },
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#feed.leave(this.#member)
    this.#tally.tellAllowed()
    this.#watches.clear()
    this.#waiting.fail('the guard is closed')
  }

  #use(): void {
    if (this.#isUsed || this.#closed) return
    this.#isUsed = true
    this.#feed.start()
  }

  get #issuer(): string | undefined {
    return this.#options.issuer ?? this.#feed.following.issuer
  }

  #decide(
    verifier: TokenVerifier,
    token: string | undefined,
    audience: string | undefined,
  ): Promise<Verdict> {
    // Without the issuer's name no token can be judged.
    if (this.#issuer === undefined) return rejected.stale.promise
    if (!this.#rules.judgesLast && !this.#feed.lease.held) return rejected.stale.promise
    return verifier.verify(token, audience)
  }

  async #decideStale(
    policy: OnStale,
    token: string,
    audience: string | undefined,
    shown: Shown,
  ): Promise<Verdict> {
    switch (policy) {
      case 'ask': {
        this.#tally.counters.asked++
        const { fetch = globalThis.fetch, askTimeoutMs: timeoutMs = askTimeoutMs } = this.#options
        const { server, clock } = this.#feed.source
        const asked = { server, fetch, timeoutMs, clock }
        return shown.judge(await askServer(asked, token, audience, shown))
      }
      case 'allow': {
        const verdict = shown.judge(await this.#decide(this.#lenient, token, audience))
        if (verdict.ok) this.#tally.allowed()
        return verdict
      }
      case 'refuse':
      // An unknown policy accepts nothing either, where the types were not checked.
      default:
        return rejected.stale.verdict
    }
  }

  #makeVerifier(isCurrent: (nowMs: number) => boolean): TokenVerifier {
    const { following, keys, source } = this.#feed
    return createTokenVerifier({
      replica: following,
      keys: keys.find,
      others: namedIssuers(this.#feed.issuers, this.#options.issuers),
      issuer: () => this.#issuer ?? '',
      nowMs: () => source.clock.nowMs(),
      overMs: () => following.overSeconds * 1000,
      isCurrent,
      capacity: this.#options.cacheSize ?? cacheSize,
    })
  }

  #makeMember(): FeedMember {
    return {
      log: this.#tally.log,
      failed: (error) => {
        this.#tally.failed(error, 'the guard failed')
      },
      logFailed: this.#tally.logFailed,
      applied: (words, count) => {
        this.#watches.applied(words, count)
      },
      replaced: (nowSeconds) => {
        // Another server may have answered: it has to vouch for every token anew.
        this.#verifier.forget()
        this.#lenient.forget()
        this.#watches.replaced(nowSeconds)
      },
      issuersChanged: () => {
        this.#verifier.forget()
        this.#lenient.forget()
      },
      renewed: () => {
        this.#waiting.succeed()
      },
      refused: (reason) => {
        this.#waiting.fail(`the server refused the credential (${reason})`)
      },
      swept: () => {
        this.#tally.tellAllowed()
      },
    }
  }
}
