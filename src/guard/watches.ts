import { isAlive, type RevocationView } from '../verifier/alive.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import { tokenFacts, type Fingerprint, type TokenFacts } from '../verifier/fingerprint.ts'

interface Watch {
  readonly callback: () => void
  facts: TokenFacts | undefined
  indexed: boolean
  ended: boolean
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
  readonly #all = new Set<Watch>()
  readonly #unindexed = new Set<Watch>()
  /**
   * A cached token's claims are the same object at every request, and hashing names is most of the
   * work.
   */
  readonly #known = new WeakMap<AccessClaims, TokenFacts>()
  /** How many callbacks were called. */
  fired = 0

  /** @param report Told of callbacks that throw. */
  constructor(replica: RevocationView, report: (error: unknown) => void) {
    this.#replica = replica
    this.#report = report
  }

  get size(): number {
    return this.#all.size
  }

  /** @returns Ends the watch; harmless when it has ended. */
  add(claims: AccessClaims, callback: () => void): () => void {
    const watch: Watch = { callback, facts: undefined, indexed: false, ended: false }
    this.#all.add(watch)
    const known = this.#known.get(claims)
    // Even then not before the caller has the function that ends the watch.
    const facts = known ? Promise.resolve(known) : tokenFacts(claims)
    facts.then(
      (found) => {
        this.#known.set(claims, found)
        this.#begin(watch, found)
      },
      (error: unknown) => {
        this.#report(error)
      },
    )
    return () => {
      this.#end(watch)
    }
  }

  /** Entries were applied to the replica. */
  applied(words: Uint32Array, count: number): void {
    if (this.#all.size === 0) return
    this.#index()
    for (let at = 0; at < count * 4; at += 4) {
      const high = words[at]!
      if (high === 0 && words[at + 1] === 0) return this.replaced()
      for (const watch of this.#byHigh.get(high) ?? []) this.#judge(watch)
    }
  }

  /** Anything may have changed: everybody is judged anew. */
  replaced(): void {
    for (const watch of this.#all) this.#judge(watch)
  }

  /** Ends all watches without a call. */
  clear(): void {
    for (const watch of this.#all) this.#end(watch)
  }

  #begin(watch: Watch, facts: TokenFacts): void {
    if (watch.ended) return
    watch.facts = facts
    this.#unindexed.add(watch)
    // It may have ended before the watch began, or while its names were hashed.
    if (!isAlive(this.#replica, facts)) this.#fire(watch)
  }

  #index(): void {
    for (const watch of this.#unindexed) {
      watch.indexed = true
      for (const { high } of fingerprintsOf(watch.facts!)) {
        const same = this.#byHigh.get(high)
        if (same) same.add(watch)
        else this.#byHigh.set(high, new Set([watch]))
      }
    }
    this.#unindexed.clear()
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
    this.#all.delete(watch)
    this.#unindexed.delete(watch)
    if (!watch.facts || !watch.indexed) return
    for (const { high } of fingerprintsOf(watch.facts)) {
      const same = this.#byHigh.get(high)
      same?.delete(watch)
      if (same?.size === 0) this.#byHigh.delete(high)
    }
  }
}

function fingerprintsOf(facts: TokenFacts): readonly Fingerprint[] {
  const { jti, sid, subject, client, grant, device } = facts
  const always = [jti, sid, subject, client, grant]
  return device === undefined ? always : [...always, device]
}
