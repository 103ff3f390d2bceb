import { isAlive, isStillAlive, type RevocationView } from '../verifier/alive.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import { tokenFacts, type Fingerprint, type TokenFacts } from '../verifier/fingerprint.ts'

interface Watch {
  readonly expiresAtSeconds: number
  readonly callback: () => void
  facts: TokenFacts | undefined
  ended: boolean
}

/** What is remembered of claims: a cached token's are the same object at every request. */
interface Known {
  readonly facts: TokenFacts
  /** The replica's version at which they were last found alive. */
  aliveAtVersion: number
}

/**
 * Who wants to know when something is revoked. Indexed by the upper half of every fingerprint that
 * the claims name, so that a batch costs as much as it has entries, however many watch. A watch is
 * indexed when the next batch comes: most are of requests that are over by then, and indexing would
 * be most of what they cost.
 */
export class Watches {
  readonly #replica: RevocationView
  readonly #report: (error: unknown) => void
  readonly #byHigh = new Map<number, Set<Watch>>()
  readonly #indexed = new Set<Watch>()
  readonly #unindexed = new Set<Watch>()
  readonly #known = new WeakMap<AccessClaims, Known>()
  /** How many callbacks were called. */
  fired = 0

  /** @param report Told of callbacks that throw. */
  constructor(replica: RevocationView, report: (error: unknown) => void) {
    this.#replica = replica
    this.#report = report
  }

  get size(): number {
    return this.#indexed.size + this.#unindexed.size
  }

  /** @returns Ends the watch; harmless when it has ended. */
  add(claims: AccessClaims, callback: () => void): () => void {
    const known = this.#known.get(claims)
    const watch: Watch = {
      expiresAtSeconds: claims.exp,
      callback,
      facts: known?.facts,
      ended: false,
    }
    this.#unindexed.add(watch)
    if (known === undefined) void this.#begin(watch, claims)
    else if (isStillAlive(this.#replica, known.facts, known.aliveAtVersion)) {
      known.aliveAtVersion = this.#replica.version
    } else {
      // Not before the caller has the function that ends the watch.
      queueMicrotask(() => {
        this.#fire(watch)
      })
    }
    return () => {
      this.#end(watch)
    }
  }

  /** Entries were applied to the replica. */
  applied(words: Uint32Array, count: number): void {
    if (this.size === 0) return
    this.#index()
    for (let at = 0; at < count * 4; at += 4) {
      const high = words[at]!
      if (high === 0 && words[at + 1] === 0) return this.#judgeAll()
      for (const watch of this.#byHigh.get(high) ?? []) this.#judge(watch)
    }
  }

  /**
   * A snapshot replaced the replica: everybody is judged anew. What ended a token that has expired
   * may have been forgotten before the snapshot was made, so whoever holds on to one is ended.
   *
   * @param nowSeconds Unix time in seconds.
   */
  replaced(nowSeconds: number): void {
    this.#judgeAll()
    for (const watch of this.#all()) if (watch.expiresAtSeconds <= nowSeconds) this.#fire(watch)
  }

  /** Ends all watches without a call. */
  clear(): void {
    for (const watch of this.#all()) this.#end(watch)
  }

  /** Finds out what the claims name, and whether that has ended before, or meanwhile. */
  async #begin(watch: Watch, claims: AccessClaims): Promise<void> {
    try {
      const facts = await tokenFacts(claims)
      this.#known.set(claims, { facts, aliveAtVersion: -1 })
      watch.facts = facts
      this.#judge(watch)
    } catch (error) {
      this.#report(error)
    }
  }

  #index(): void {
    for (const watch of this.#unindexed) {
      // It is judged when its names are hashed, so whatever comes before that is not missed.
      if (watch.facts === undefined) continue
      this.#unindexed.delete(watch)
      this.#indexed.add(watch)
      for (const { high } of fingerprintsOf(watch.facts)) {
        const same = this.#byHigh.get(high)
        if (same) same.add(watch)
        else this.#byHigh.set(high, new Set([watch]))
      }
    }
  }

  #all(): readonly Watch[] {
    return [...this.#indexed, ...this.#unindexed]
  }

  #judgeAll(): void {
    for (const watch of this.#all()) this.#judge(watch)
  }

  #judge(watch: Watch): void {
    if (watch.facts && !isAlive(this.#replica, watch.facts)) this.#fire(watch)
  }

  #fire(watch: Watch): void {
    if (watch.ended) return
    this.#end(watch)
    this.fired++
    try {
      watch.callback()
    } catch (error) {
      this.#report(error)
    }
  }

  #end(watch: Watch): void {
    if (watch.ended) return
    watch.ended = true
    if (this.#unindexed.delete(watch) || !this.#indexed.delete(watch)) return
    for (const { high } of fingerprintsOf(watch.facts!)) {
      const same = this.#byHigh.get(high)
      same?.delete(watch)
      if (same?.size === 0) this.#byHigh.delete(high)
    }
  }
}

function fingerprintsOf(facts: TokenFacts): readonly Fingerprint[] {
  const { jti, sid, subject, client, grant, device, signingKey } = facts
  const named = [jti, sid, subject, client, grant, device, signingKey]
  return named.filter((fingerprint) => fingerprint !== undefined)
}
