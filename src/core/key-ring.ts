import { errors, type JWK, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { KeyStore, SigningKey } from '../ports/store.ts'
import { FreshReads } from '../verifier/fresh-reads.ts'
import { loadKey, newKey, type LoadedKey } from './loaded-key.ts'
import { mintId } from './mint-id.ts'

/** The keys that sign access tokens, and their public halves. */
export interface KeyRing {
  /** Signs claims as a JWT of type `at+jwt` (RFC 9068) with the key that signs now. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<SignedToken>
  /** Signs claims as a JWT of another type, for receipts. */
  signAs(type: string, claims: Readonly<Record<string, unknown>>): Promise<SignedToken>
  /**
   * Secrets for a purpose that every node has: one of each key that is not removed, that of the key
   * which signs now first. A new key takes its place with the next rotation.
   */
  secrets(purpose: string): Promise<readonly [Buffer, ...Buffer[]]>
  /**
   * The JWKS (RFC 7517, section 5), as served at `/.well-known/jwks.json`. Reads the store anew, at
   * most ten times a second: the caller may have just met a key that another node made.
   */
  publicKeys(): Promise<PublicKeys>
  /**
   * Finds the key that a JWT names. If none fits, it reads the store anew, at most ten times a
   * second. Throws `JWKSNoMatchingKey` only where the store was read and holds none.
   */
  readonly find: JWTVerifyGetKey
  /**
   * Makes a new key. Each node signs with it three seconds after it has first seen it, by its
   * monotonic clock; the old ones verify until their last token has expired.
   */
  rotate(): Promise<{ readonly kid: string }>
  /** Reads the keys of the store anew: another node may have rotated. */
  reload(): Promise<void>
  /** Resolves when the newest key signs at this node, so that verifiers have had time to fetch it. */
  newestSigns(): Promise<void>
  /** Whether a key was removed: it neither signs nor verifies any more. */
  isRemoved(kid: string): boolean
}

export interface SignedToken {
  readonly token: string
  /** The key that signed it, as its header says. */
  readonly kid: string
}

export interface PublicKeys {
  readonly keys: readonly JWK[]
  /** False where the store could not be read: another node may have made a key since. */
  readonly areCurrent: boolean
}

export interface KeyRingOptions {
  readonly store: Pick<KeyStore, 'listKeys' | 'rotateKeys'>
  readonly clock: Clock
  readonly random: Random
  readonly algorithm: SigningKey['algorithm']
  /** A time that is over, whatever the wall clock says; keys are removed by it. */
  readonly trustedMs: () => number
  /** Whether the log says that a key was removed. */
  readonly isRemoved: (kid: string) => boolean
}

/** However often keys are asked for, or a key is named that is not known. */
const RELOAD_AT_MOST_EVERY_MS = 100
/** So that verifiers that meet a new key have it, and need not ask for it first. */
const SIGNS_AFTER_MS = 3000
/** By how much the clock of the node that made a key may be ahead of the one here. */
const MAX_SKEW_MS = 10_000
/** Verifiers that start while the store is away get the keys that are known. */
const PUBLISH_WITHIN_MS = 500

/**
 * Opens the key ring; makes the first key where there is none yet.
 *
 * @throws {Refusal} `store_unavailable`.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const ring = new StoredKeyRing(options)
  await ring.open()
  return ring
}

interface PublishedKey extends LoadedKey {
  /** From when it signs, by the monotonic clock. */
  readonly signsAtMs: number
}

class StoredKeyRing implements KeyRing {
  readonly #options: KeyRingOptions
  readonly #reads: FreshReads
  #keys: readonly PublishedKey[] = []
  #begun = 0
  #newest = 0

  constructor(options: KeyRingOptions) {
    this.#options = options
    this.#reads = new FreshReads(() => this.#read(), options.clock, RELOAD_AT_MOST_EVERY_MS)
  }

  async open(): Promise<void> {
    await this.reload()
    if (this.#keys.length === 0) await this.#add(true)
  }

  sign(claims: Readonly<Record<string, unknown>>): Promise<SignedToken> {
    return this.signAs('at+jwt', claims)
  }

  async signAs(type: string, claims: Readonly<Record<string, unknown>>): Promise<SignedToken> {
    const { kid, sign } = await this.#signer()
    return { token: await sign(type, claims), kid }
  }

  async secrets(purpose: string): Promise<readonly [Buffer, ...Buffer[]]> {
    const signer = await this.#signer()
    const others = this.#usable().filter(({ kid }) => kid !== signer.kid)
    return [signer.secret(purpose), ...others.map((key) => key.secret(purpose))]
  }

  async publicKeys(): Promise<PublicKeys> {
    const { clock } = this.#options
    const areCurrent = await isDoneWithin(PUBLISH_WITHIN_MS, this.#reads.next(), clock)
    return { keys: this.#usable().map((key) => key.publicJwk), areCurrent }
  }

  readonly find: JWTVerifyGetKey = async (header) => {
    const fits = (key: LoadedKey): boolean => key.kid === header.kid && key.algorithm === header.alg
    const known = this.#keys.find(fits)
    if (known !== undefined) return known.publicKey
    // Another node may have made it since. Where the store cannot be read, this rejects: that says
    // nothing about the token.
    await this.#reads.next()
    const added = this.#keys.find(fits)
    if (added !== undefined) return added.publicKey
    throw new errors.JWKSNoMatchingKey()
  }

  async rotate(): Promise<{ readonly kid: string }> {
    return { kid: await this.#add(false) }
  }

  reload(): Promise<void> {
    return this.#reads.begin()
  }

  async newestSigns(): Promise<void> {
    await this.reload()
    const [newest] = this.#keys
    const leftMs = newest === undefined ? 0 : this.#signsInMs(newest)
    if (leftMs <= 0) return
    await new Promise<void>((resolve) => this.#options.clock.after(leftMs, resolve))
  }

  isRemoved(kid: string): boolean {
    return this.#options.isRemoved(kid)
  }

  async #read(): Promise<void> {
    const turn = ++this.#begun
    const nowMs = this.#options.trustedMs()
    const stored = await this.#options.store.listKeys()
    const usable = stored.filter((key) => (key.removeAfterMs ?? Infinity) > nowMs)
    const known = this.#keys
    const loaded = await Promise.all(
      inOrder(usable).map(
        async (key) =>
          known.find(({ kid }) => kid === key.kid) ?? {
            ...(await loadKey(key)),
            signsAtMs: this.#signsAtMs(key),
          },
      ),
    )
    // One that was asked earlier and answered later knows less.
    if (turn < this.#newest) return
    this.#newest = turn
    this.#keys = loaded
  }

  async #add(unlessPresent: boolean): Promise<string> {
    const { store, clock, random, algorithm } = this.#options
    const nowMs = clock.nowMs()
    const kid = mintId(random, nowMs)
    const next = await newKey(kid, algorithm, nowMs)
    await store.rotateKeys(next, nowMs, unlessPresent)
    await this.reload()
    return kid
  }

  /** Asked anew each time: the removal of a key comes with the log, not with the keys. */
  #usable(): readonly PublishedKey[] {
    return this.#keys.filter(({ kid }) => !this.isRemoved(kid))
  }

  /**
   * When a key signs that is seen for the first time, by the monotonic clock: no wall clock, its
   * maker's or the one here, can make it sign before it was published. Only the keys that are there
   * when a node starts count as old where the wall clock says so: most have signed for months.
   */
  #signsAtMs({ createdAtMs }: SigningKey): number {
    const { clock } = this.#options
    const ageMs = this.#newest === 0 ? clock.nowMs() - createdAtMs : 0
    const isNew = ageMs >= -MAX_SKEW_MS && ageMs < SIGNS_AFTER_MS
    return clock.monotonicMs() + (isNew ? SIGNS_AFTER_MS - Math.max(0, ageMs) : 0)
  }

  #signsInMs({ signsAtMs }: PublishedKey): number {
    return signsAtMs - this.#options.clock.monotonicMs()
  }

  async #signer(): Promise<PublishedKey> {
    // Another node made the key that follows one that was removed.
    let keys = this.#usable()
    if (keys.length === 0) {
      await this.reload()
      keys = this.#usable()
    }
    // Several may have been made in these seconds. Where all were, the oldest is known best.
    const signer = keys.find((key) => this.#signsInMs(key) <= 0) ?? keys.at(-1)
    if (signer === undefined) throw new Error('Cannot sign: the key ring is empty')
    return signer
  }
}

/** The key that signs, then those that were retired, the latest first. */
function inOrder(keys: readonly SigningKey[]): readonly SigningKey[] {
  const rank = ({ retiredAtMs }: SigningKey): number => retiredAtMs ?? Infinity
  return keys.toSorted((one, other) => (rank(one) === rank(other) ? 0 : rank(other) - rank(one)))
}

/** Whether the work is done; false where it fails or takes too long. */
function isDoneWithin(ms: number, work: Promise<void>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => {
      resolve(false)
    })
    const end = (isDone: boolean) => (): void => {
      cancel()
      resolve(isDone)
    }
    work.then(end(true), end(false))
  })
}
