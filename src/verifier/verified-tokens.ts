import type { VerifiedToken } from './verified-token.ts'

/** Characters of the signature that the key is made of; the last one has two bits. */
const KEY_LENGTH = 6

/**
 * Remembers verified tokens, at most `capacity`, by two generations of a map: what is used moves to
 * the young one, and the old one is dropped when the young one is full. Keyed by a number, made of
 * the end of the signature: to hash a string that came with a request takes longer than all the
 * rest.
 */
export class VerifiedTokens {
  readonly #capacity: number
  #young = new Map<number, VerifiedToken>()
  #old = new Map<number, VerifiedToken>()

  /** @param capacity Most tokens remembered; 0 remembers none. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(token: string): VerifiedToken | undefined {
    const key = keyOf(token)
    const young = find(this.#young.get(key), token)
    if (young !== undefined) return young
    const old = find(this.#old.get(key), token)
    if (old !== undefined) this.#insert(key, old)
    return old
  }

  add(verified: VerifiedToken): void {
    this.#insert(keyOf(verified.token), verified)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #insert(key: number, verified: VerifiedToken): void {
    if (this.#capacity === 0) return
    if (this.#young.size >= this.#capacity / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    verified.next = this.#young.get(key)
    this.#young.set(key, verified)
  }
}

function keyOf(token: string): number {
  let key = 0
  for (let at = token.length - KEY_LENGTH; at < token.length; at++) {
    key = (key << 6) ^ token.charCodeAt(at)
  }
  return key
}

function find(first: VerifiedToken | undefined, token: string): VerifiedToken | undefined {
  let verified = first
  while (verified !== undefined && verified.token !== token) verified = verified.next
  return verified
}
