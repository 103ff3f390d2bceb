import { isUuid, uuidWord } from './uuid.ts'

/**
 * What a replica is keyed by: two halves of 64 bits, as signed 32-bit integers. Unsigned ones would
 * stand for the same, but every second would take an object of its own.
 */
export interface Fingerprint {
  readonly high: number
  readonly low: number
}

/** A revocation as a replica keeps it. Structural, so that the wire and the log both fit. */
export interface Entry {
  readonly scope: string
  readonly key: string
  /** The counter's value; 0 for `token` and `session`. */
  readonly generation: number
  readonly forgetAfterMs: number
}

/** Numbers in one entry: high, low, forget-after in seconds, generation (0: revoked). */
export const WORDS_PER_ENTRY = 4

type OneShotHash = (algorithm: string, data: string, encoding: 'binary') => string

/** How SHA-256 of nothing begins. */
const digestOfNothing = '\xe3\xb0\xc4\x42'

/** Node's one-shot hash where there is one: a name's digest without a trip to another thread. */
const oneShotHash = findOneShotHash()

/** Whether {@link fingerprintSync} works here. */
export const hashesAtOnce: boolean = oneShotHash !== undefined

/**
 * The fingerprint of what a revocation names. Ids of tokens, sessions and signing keys are UUIDs
 * whose last 64 bits are random, so those are taken as they are; every other name is hashed, with
 * its scope, so that nobody can choose a name that meets another's fingerprint.
 */
export async function fingerprint(scope: string, key: string): Promise<Fingerprint> {
  return randomHalf(scope, key) ?? digest(`${scope}\0${key}`)
}

/** The same without a promise, on runtimes that can hash so (Node). Throws elsewhere. */
export function fingerprintSync(scope: string, key: string): Fingerprint {
  const half = randomHalf(scope, key)
  if (half !== undefined) return half
  if (oneShotHash === undefined) throw new TypeError('Cannot hash synchronously here')
  return digestAtOnce(oneShotHash, `${scope}\0${key}`)
}

/** Writes an entry's words; everyone's counter has the fingerprint 0, 0. Node only. */
export function writeEntry(entry: Entry, words: Uint32Array, offset: number): void {
  const { high, low } =
    entry.scope === 'everyone' ? { high: 0, low: 0 } : fingerprintSync(entry.scope, entry.key)
  words[offset] = high
  words[offset + 1] = low
  words[offset + 2] = Math.min(Math.ceil(entry.forgetAfterMs / 1000), 0xffff_ffff)
  words[offset + 3] = entry.generation
}

function randomHalf(scope: string, key: string): Fingerprint | undefined {
  const isMinted = scope === 'token' || scope === 'session' || scope === 'signing_key'
  return isMinted && isUuid(key) ? { high: uuidWord(key, 2), low: uuidWord(key, 3) } : undefined
}

function findOneShotHash(): OneShotHash | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => { hash?: OneShotHash } | undefined }
  }
  const hash = process?.getBuiltinModule?.('node:crypto')?.hash
  try {
    // Other runtimes have the module, too. Another digest than everybody's would find nothing.
    return hash?.('sha256', '', 'binary').startsWith(digestOfNothing) === true ? hash : undefined
  } catch {
    return undefined
  }
}

async function digest(text: string): Promise<Fingerprint> {
  if (oneShotHash !== undefined) return digestAtOnce(oneShotHash, text)
  const bytes = new TextEncoder().encode(text)
  const view = new DataView(await crypto.subtle.digest('SHA-256', bytes))
  return { high: view.getInt32(0), low: view.getInt32(4) }
}

/** As a string with a character for each byte: a third of what a buffer costs. */
function digestAtOnce(hash: OneShotHash, text: string): Fingerprint {
  const bytes = hash('sha256', text, 'binary')
  return { high: wordAt(bytes, 0), low: wordAt(bytes, 4) }
}

function wordAt(bytes: string, at: number): number {
  const upper = (bytes.charCodeAt(at) << 8) | bytes.charCodeAt(at + 1)
  const lower = (bytes.charCodeAt(at + 2) << 8) | bytes.charCodeAt(at + 3)
  return (upper << 16) | lower
}
