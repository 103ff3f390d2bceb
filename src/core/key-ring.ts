import {
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  SignJWT,
  type CryptoKey,
  type JWK,
} from 'jose'
import type { JWTVerifyGetKey } from 'jose'
import type { Clock } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import type { KeyStore, SigningKey } from '../ports/store.ts'
import { mintId } from './mint-id.ts'

/** The keys that sign access tokens, and their public halves. */
export interface KeyRing {
  /** Signs claims as a JWT of type `at+jwt` (RFC 9068) with the key that signs now. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
  /** Signs claims as a JWT of another type, for receipts. */
  signAs(type: string, claims: Readonly<Record<string, unknown>>): Promise<string>
  /**
   * The JWKS (RFC 7517, section 5), as served at `/.well-known/jwks.json`. Reads the store anew, at
   * most ten times a second: who asks has often just met a key that another node made.
   */
  publicKeys(): Promise<PublicKeys>
  /**
   * Finds the key that a JWT names; reads the store anew, at most ten times a second, if none fits.
   * Throws `JWKSNoMatchingKey` only where the store was read and holds none.
   */
  readonly find: JWTVerifyGetKey
  /**
   * Makes a new key, which is published now and signs three seconds later; the old ones verify
   * until their last token has expired.
   */
  rotate(): Promise<{ readonly kid: string }>
  /** Reads the keys of the store anew: another node may have rotated. */
  reload(): Promise<void>
  /**
   * Resolves when the newest key signs, at this node and at all others that reach the store: three
   * seconds after it was made.
   */
  newestSigns(): Promise<void>
  /** Whether a key was removed: it neither signs nor verifies any more. */
  isRemoved(kid: string): boolean
}

export interface PublicKeys {
  readonly keys: readonly JWK[]
  /** False where the store could not be read: another node may have made a key since. */
  readonly areCurrent: boolean
}

export interface KeyRingOptions {
  readonly store: KeyStore
  readonly clock: Clock
  readonly random: Random
  readonly algorithm: SigningKey['algorithm']
  /** How long after its retirement a key's last token lives, in milliseconds. */
  readonly longestAccessLifetimeMs: number
  /** Whether the log says that a key was removed. */
  readonly isRemoved: (kid: string) => boolean
}

interface LoadedKey {
  readonly kid: string
  readonly createdAtMs: number
  readonly algorithm: SigningKey['algorithm']
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  readonly publicJwk: JWK
}

/** On behalf of whoever asks for keys or shows one that is not known. */
const RELOAD_AT_MOST_EVERY_MS = 100
/** So that whoever meets a new key, and fetched keys a second ago, can fetch it before that. */
const SIGNS_AFTER_MS = 3000
/** By how much the clock of the node that made a key may be ahead. */
const MOST_SKEW_MS = 10_000
/** Verifiers that start while the store is away get the keys that are known. */
const PUBLISH_WITHIN_MS = 500

/**
 * Opens the key ring; makes the first key where there is none yet.
 *
 * @throws {Refusal} `store_unavailable`.
 */
export async function openKeyRing(options: KeyRingOptions): Promise<KeyRing> {
  const { store, clock, random, algorithm, isRemoved } = options
  let keys: readonly LoadedKey[] = []
  let reloadedAtMs = clock.monotonicMs()
  let reading = Promise.resolve()
  let reloads = 0
  let newest = 0

  function reload(): Promise<void> {
    reloadedAtMs = clock.monotonicMs()
    return (reading = read())
  }

  async function read(): Promise<void> {
    const turn = ++reloads
    const nowMs = clock.nowMs()
    const stored = await store.listKeys()
    const usable = stored.filter((key) => (key.removeAfterMs ?? Infinity) > nowMs)
    const known = keys
    const loaded = await Promise.all(
      inOrder(usable).map(
        async (key) => known.find(({ kid }) => kid === key.kid) ?? (await loadKey(key)),
      ),
    )
    // One that was asked earlier and answered later knows less.
    if (turn < newest) return
    newest = turn
    keys = loaded
  }

  async function addKey(unlessPresent: boolean): Promise<string> {
    const nowMs = clock.nowMs()
    const kid = mintId(random, nowMs)
    const next = await newKey(kid, algorithm, nowMs)
    const removeAfterMs = nowMs + options.longestAccessLifetimeMs + 120_000
    await store.rotateKeys(next, { atMs: nowMs, removeAfterMs }, unlessPresent)
    await reload()
    return kid
  }

  await reload()
  if (keys.length === 0) await addKey(true)

  /** Asked anew each time: the removal of a key comes with the log, not with the keys. */
  function usable(): readonly LoadedKey[] {
    return keys.filter(({ kid }) => !isRemoved(kid))
  }

  /** For how much longer a key is only published; 0 for one that was made by a clock gone wrong. */
  function publishedForMs(key: LoadedKey): number {
    const ageMs = clock.nowMs() - key.createdAtMs
    return ageMs < -MOST_SKEW_MS ? 0 : Math.max(0, SIGNS_AFTER_MS - ageMs)
  }

  async function signer(): Promise<LoadedKey> {
    // Another node made the key that follows one that was removed.
    if (usable().length === 0) await reload()
    const signers = usable()
    // Several may have been made in these seconds. Where all were, the oldest is known best.
    const signer = signers.find((key) => publishedForMs(key) === 0) ?? signers.at(-1)
    if (signer === undefined) throw new Error('Cannot sign: the key ring is empty')
    return signer
  }

  async function signAs(type: string, claims: Readonly<Record<string, unknown>>): Promise<string> {
    const key = await signer()
    return new SignJWT({ ...claims })
      .setProtectedHeader({ alg: key.algorithm, typ: type, kid: key.kid })
      .sign(key.privateKey)
  }

  return {
    sign: (claims) => signAs('at+jwt', claims),
    signAs,
    async publicKeys() {
      const isOld = clock.monotonicMs() - reloadedAtMs >= RELOAD_AT_MOST_EVERY_MS
      const work = isOld ? reload() : reading
      const areCurrent = await isDoneWithin(PUBLISH_WITHIN_MS, work, clock)
      return { keys: usable().map((key) => key.publicJwk), areCurrent }
    },
    find: async (header) => {
      const fits = (key: LoadedKey): boolean =>
        key.kid === header.kid && key.algorithm === header.alg
      const known = keys.find(fits)
      if (known !== undefined) return known.publicKey
      const isOld = clock.monotonicMs() - reloadedAtMs >= RELOAD_AT_MOST_EVERY_MS
      // Also where somebody else has begun to read: what cannot be read says nothing of the token.
      await (isOld ? reload() : reading)
      const added = keys.find(fits)
      if (added !== undefined) return added.publicKey
      throw new errors.JWKSNoMatchingKey()
    },
    rotate: async () => ({ kid: await addKey(false) }),
    reload,
    async newestSigns() {
      await reload()
      const [newest] = keys
      const leftMs = newest === undefined ? 0 : publishedForMs(newest)
      if (leftMs > 0) await new Promise<void>((resolve) => clock.after(leftMs, resolve))
    },
    isRemoved,
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

async function newKey(
  kid: string,
  algorithm: SigningKey['algorithm'],
  nowMs: number,
): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true })
  return {
    kid,
    algorithm,
    privateJwk: JSON.stringify(await exportJWK(privateKey)),
    createdAtMs: nowMs,
    retiredAtMs: undefined,
    removeAfterMs: undefined,
  }
}

async function loadKey(key: SigningKey): Promise<LoadedKey> {
  const privateJwk = JSON.parse(key.privateJwk) as JWK
  const { kty, crv, x, y, n, e } = privateJwk
  const publicJwk: JWK = {
    ...Object.fromEntries(
      Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined),
    ),
    kid: key.kid,
    alg: key.algorithm,
    use: 'sig',
  }
  const [privateKey, publicKey] = await Promise.all([
    importJWK(privateJwk, key.algorithm),
    importJWK(publicJwk, key.algorithm),
  ])
  return {
    kid: key.kid,
    createdAtMs: key.createdAtMs,
    algorithm: key.algorithm,
    privateKey: privateKey as CryptoKey,
    publicKey: publicKey as CryptoKey,
    publicJwk,
  }
}
