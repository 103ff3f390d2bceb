import type { AccessClaims } from './claims.ts'
import type { TokenFacts } from './fingerprint.ts'
import type { Decision } from './token-verifier.ts'

/** A token whose signature, type, issuer and shape were found good once. */
export interface VerifiedToken {
  readonly token: string
  readonly claims: AccessClaims
  readonly facts: TokenFacts
  readonly expiresAtMs: number
  /** The answer for it while it is alive. */
  readonly accepted: Decision
  /** The replica's version at which it was last found alive. */
  aliveAtVersion: number
}

/** 132 bits of the signature: enough to find the token, which is then compared whole. */
const KEY_LENGTH = 22

/**
 * Remembers verified tokens, at most `capacity`, by two generations of a map: what is used moves to
 * the young one, and the old one is dropped when the young one is full.
 */
export class VerifiedTokens {
  readonly #capacity: number
  #young = new Map<string, VerifiedToken>()
  #old = new Map<string, VerifiedToken>()

  /** @param capacity Most tokens remembered; 0 remembers none. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(token: string): VerifiedToken | undefined {
    const key = token.slice(-KEY_LENGTH)
    const young = this.#young.get(key)
    if (young !== undefined) return young.token === token ? young : undefined
    const old = this.#old.get(key)
    if (old?.token !== token) return undefined
    this.#insert(key, old)
    return old
  }

  add(verified: VerifiedToken): void {
    this.#insert(verified.token.slice(-KEY_LENGTH), verified)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #insert(key: string, verified: VerifiedToken): void {
    if (this.#capacity === 0) return
    if (this.#young.size >= this.#capacity / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, verified)
  }
}
