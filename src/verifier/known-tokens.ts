/** Characters of the signature that the key is made of; the last one has two bits. */
const KEY_LENGTH = 6

/** What is remembered with a token. */
export interface Remembered<T> {
  readonly token: string
  /** Another one with the same key. */
  next: T | undefined
}

/**
 * Remembers what is known of tokens, at most `capacity` of them, by two generations of a map: what
 * is used moves to the young one, and the old one is dropped when the young one is full. Keyed by a
 * number, made of the end of the signature: to hash a string that came with a request takes longer
 * than all the rest.
 */
export class KnownTokens<T extends Remembered<T>> {
  readonly #capacity: number
  #young = new Map<number, T>()
  #old = new Map<number, T>()

  /** @param capacity Most tokens remembered; 0 remembers none. */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(token: string): T | undefined {
    const key = keyOf(token)
    const young = find(this.#young.get(key), token)
    if (young !== undefined) return young
    const old = find(this.#old.get(key), token)
    if (old !== undefined) this.#insert(key, old)
    return old
  }

  add(known: T): void {
    this.#insert(keyOf(known.token), known)
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }

  clear(): void {
    this.#young.clear()
    this.#old.clear()
  }

  #insert(key: number, known: T): void {
    if (this.#capacity === 0) return
    if (this.#young.size >= this.#capacity / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    known.next = this.#young.get(key)
    this.#young.set(key, known)
  }
}

function keyOf(token: string): number {
  let key = 0
  for (let at = token.length - KEY_LENGTH; at < token.length; at++) {
    key = (key << 6) ^ token.charCodeAt(at)
  }
  return key
}

function find<T extends Remembered<T>>(first: T | undefined, token: string): T | undefined {
  let known = first
  while (known !== undefined && known.token !== token) known = known.next
  return known
}
