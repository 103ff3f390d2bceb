import { entryWords } from '../protocol/feed.ts'
import { isAlive, isStillAlive, type RevocationView } from '../verifier/alive.ts'
import type { TokenClaims } from '../verifier/claims.ts'
import { hasAccessClaims } from '../verifier/own-token.ts'
import { factHighs, tokenFacts, type TokenFacts } from '../verifier/token-facts.ts'
import { verifiedBy } from '../verifier/verified-token.ts'
import { callOut } from './call-out.ts'

interface Watch {
  readonly expiresAtSeconds: number
  readonly callback: () => void
  facts: TokenFacts | undefined
  state: 'new' | 'indexed' | 'ended'
  /** Its neighbours in the list of new watches. */
  newer: Watch | undefined
  older: Watch | undefined
}

/**
 * The watches: callbacks for when something is revoked. Indexed by the upper half of every
 * fingerprint that the claims name, so that a batch costs as much as it has entries, however many
 * watch. A watch is indexed when the next batch comes: most are of requests that are over by then,
 * and indexing would be most of what they cost. For the same reason new watches hang on each other
 * instead of standing in a set.
 */
export class Watches {
  readonly #replica: RevocationView
  readonly #report: (error: unknown) => void
  readonly #byHigh = new Map<number, Set<Watch>>()
  readonly #indexed = new Set<Watch>()
  #newest: Watch | undefined
  #newCount = 0
  /** How many callbacks were called. */
  fired = 0

  /** @param report Told of callbacks that throw. */
  constructor(replica: RevocationView, report: (error: unknown) => void) {
    this.#replica = replica
    this.#report = report
  }

  get size(): number {
    return this.#indexed.size + this.#newCount
  }

  /** @returns Ends the watch; harmless when it has ended. */
  add(claims: TokenClaims, callback: () => void): () => void {
    const known = verifiedBy(this.#replica, claims)
    const watch: Watch = {
      expiresAtSeconds: claims.exp,
      callback,
      facts: known,
      state: 'new',
      newer: undefined,
      older: this.#newest,
    }
    if (this.#newest) this.#newest.newer = watch
    this.#newest = watch
    this.#newCount++
    if (known === undefined) this.#begin(watch, claims)
    else if (isStillAlive(this.#replica, known)) {
      known.aliveAtVersion = this.#replica.version
    } else this.#judgeSoon(watch)
    return () => {
      this.#end(watch)
    }
  }

  /** Entries were applied to the replica. */
  applied(words: Uint32Array, count: number): void {
    if (this.size === 0) return
    this.#index()
    for (let at = 0; at < count * entryWords; at += entryWords) {
      const high = words[at]! | 0
      if (high === 0 && words[at + 1] === 0) return this.#judgeAll()
      for (const watch of this.#byHigh.get(high) ?? []) this.#judge(watch)
    }
  }

  /**
   * A snapshot replaced the replica: every watch is judged anew. What ended a token that has
   * expired may have been forgotten before the snapshot was made, so watches of expired tokens are
   * ended.
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

  /** Finds out what claims name that were not verified here, and whether that has ended before. */
  #begin(watch: Watch, claims: TokenClaims): void {
    try {
      if (!hasAccessClaims(claims)) {
        throw new TypeError('Cannot watch claims: they are not those that a check has given')
      }
      watch.facts = tokenFacts(claims)
      this.#judgeSoon(watch)
    } catch (error) {
      this.#report(error)
    }
  }

  /** Not before the caller has the function that ends the watch. */
  #judgeSoon(watch: Watch): void {
    queueMicrotask(() => {
      this.#judge(watch)
    })
  }

  #index(): void {
    for (const watch of this.#new()) {
      // It is judged when its names are hashed, so whatever comes before that is not missed.
      if (watch.facts === undefined) continue
      this.#unlink(watch)
      watch.state = 'indexed'
      this.#indexed.add(watch)
      for (const high of factHighs(watch.facts)) {
        const same = this.#byHigh.get(high)
        if (same) same.add(watch)
        else this.#byHigh.set(high, new Set([watch]))
      }
    }
  }

  /** The newest first. What has been handed out may be unlinked. */
  *#new(): Generator<Watch> {
    for (let watch = this.#newest; watch;) {
      const { older } = watch
      yield watch
      watch = older
    }
  }

  #unlink({ newer, older }: Watch): void {
    if (newer) newer.older = older
    else this.#newest = older
    if (older) older.newer = newer
    this.#newCount--
  }

  #all(): readonly Watch[] {
    return [...this.#indexed, ...this.#new()]
  }

  #judgeAll(): void {
    for (const watch of this.#all()) this.#judge(watch)
  }

  #judge(watch: Watch): void {
    if (watch.facts && !isAlive(this.#replica, watch.facts)) this.#fire(watch)
  }

  #fire(watch: Watch): void {
    if (watch.state === 'ended') return
    this.#end(watch)
    this.fired++
    callOut((callback) => callback(), watch.callback, this.#report)
  }

  #end(watch: Watch): void {
    if (watch.state === 'new') this.#unlink(watch)
    else if (watch.state === 'indexed') this.#unindex(watch)
    watch.state = 'ended'
  }

  #unindex(watch: Watch): void {
    this.#indexed.delete(watch)
    for (const high of factHighs(watch.facts!)) {
      const same = this.#byHigh.get(high)
      same?.delete(watch)
      if (same?.size === 0) this.#byHigh.delete(high)
    }
  }
}
