/**
 * Signatures are verified in threads of their own, outside of simulated time, and waiting for one
 * takes longer than all the rest of a world.
 */
import nodeCrypto, { KeyObject, verify, type webcrypto } from 'node:crypto'

type Subtle = typeof globalThis.crypto.subtle
type Done = (error: Error | null, isGood: boolean) => void

/** More than a world has. */
const maxRemembered = 100_000

let isDone = false

/**
 * Verifies on this thread for the rest of the process, each signature once: the same bytes are as
 * good the next time. Both by Web Crypto and by Node's own `verify` (`verifier/direct-key.ts`).
 */
export function verifyAtOnce(): void {
  if (isDone) return
  isDone = true
  const { subtle } = globalThis.crypto
  const objects = new WeakMap<webcrypto.CryptoKey, KeyObject>()
  const objectOf = (key: webcrypto.CryptoKey): KeyObject => {
    const object = objects.get(key) ?? KeyObject.from(key)
    objects.set(key, object)
    return object
  }
  const remembered = new Map<string, boolean>()
  const once = (signature: Uint8Array, verifies: () => boolean): boolean => {
    const id = Buffer.from(signature).toString('latin1')
    const isGood = remembered.get(id) ?? verifies()
    if (remembered.size > maxRemembered) remembered.clear()
    remembered.set(id, isGood)
    return isGood
  }
  subtle.verify = (_algorithm, key, signature, data) => {
    const bytes = bytesOf(signature)
    const given = { key: objectOf(key), dsaEncoding: 'ieee-p1363' } as const
    return Promise.resolve(once(bytes, () => verify('sha256', bytesOf(data), given, bytes)))
  }
  const verifyNow = (
    hash: string,
    data: Uint8Array,
    key: KeyObject,
    signature: Uint8Array,
    done: Done,
  ): void => {
    const isGood = once(signature, () => verify(hash, data, key, signature))
    done(null, isGood)
  }
  Object.assign(nodeCrypto, { verify: verifyNow })
}

export function bytesOf(data: Parameters<Subtle['digest']>[1]): Buffer {
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}
