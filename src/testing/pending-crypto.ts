/**
 * The runtime's cryptography answers outside of simulated time, from threads of its own. A
 * simulation has to know when no answer is under way; and it signs and verifies so often that
 * waiting for another thread would take most of its time.
 */
import {
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type JsonWebKey,
  type KeyObject,
  type webcrypto,
} from 'node:crypto'

type Subtle = typeof globalThis.crypto.subtle
type Key = webcrypto.CryptoKey

/** What is rare, and may take its time. */
const counted = ['generateKey', 'importKey', 'exportKey', 'digest'] as const

let pending: { count: number } | undefined

/**
 * Begins to count, and signs and verifies with ES256 on this thread, for the rest of the process.
 *
 * @returns How many calls of the runtime's cryptography are under way.
 */
export function pendingCrypto(): { readonly count: number } {
  if (pending) return pending
  const { subtle } = globalThis.crypto
  const counter = { count: 0 }
  for (const name of counted) {
    const call = subtle[name].bind(subtle) as (...args: unknown[]) => Promise<unknown>
    const counting = async (...args: unknown[]): Promise<unknown> => {
      counter.count++
      try {
        return await call(...args)
      } finally {
        counter.count--
      }
    }
    Object.assign(subtle, { [name]: counting })
  }
  signHere(subtle)
  pending = counter
  return counter
}

function signHere(subtle: Subtle): void {
  const keys = new WeakMap<Key, KeyObject>()
  const importKey = subtle.importKey.bind(subtle) as (...args: unknown[]) => Promise<Key>
  const remembering = async (format: string, data: JsonWebKey, ...rest: unknown[]) => {
    const key = await importKey(format, data, ...rest)
    const given = { key: data, format: 'jwk' } as const
    if (format === 'jwk') {
      keys.set(key, data.d === undefined ? createPublicKey(given) : createPrivateKey(given))
    }
    return key
  }
  Object.assign(subtle, { importKey: remembering })
  const keyOf = (key: Key) => {
    const known = keys.get(key)
    if (known === undefined) throw new Error('Cannot sign: the key was not imported as a JWK')
    return { key: known, dsaEncoding: 'ieee-p1363' } as const
  }
  subtle.sign = (_algorithm, key, data) =>
    Promise.resolve(Uint8Array.from(sign('sha256', bytesOf(data), keyOf(key))).buffer)
  const known = new Map<string, boolean>()
  subtle.verify = (_algorithm, key, signature, data) => {
    const id = bytesOf(signature).toString('latin1')
    // The same bytes are as good for every verifier.
    const isGood = known.get(id) ?? verify('sha256', bytesOf(data), keyOf(key), bytesOf(signature))
    if (known.size > 100_000) known.clear()
    known.set(id, isGood)
    return Promise.resolve(isGood)
  }
}

function bytesOf(data: Parameters<Subtle['digest']>[1]): Buffer {
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}
