/**
 * Signatures are verified in threads of their own, outside of simulated time, and waiting for one
 * takes longer than all the rest of a world.
 */
import nodeCrypto, { KeyObject, verify, type webcrypto } from 'node:crypto'

type Subtle = typeof globalThis.crypto.subtle

/** Of one key; more than a world has. */
const maxRemembered = 100_000

let isDone = false

/**
 * Verifies ES256 on this thread for the rest of the process, and what was verified once not again.
 * By Web Crypto, and by Node's own `verify` (`verifier/direct-key.ts`); all else is as it was.
 */
export function verifyAtOnce(): void {
  if (isDone) return
  isDone = true
  const outcomes = new WeakMap<object, Map<string, boolean>>()
  const once = (key: object, signature: Buffer, data: Buffer, verifies: () => boolean) => {
    const known = outcomes.get(key) ?? new Map<string, boolean>()
    outcomes.set(key, known)
    const id = signature.toString('latin1') + data.toString('latin1')
    const isGood = known.get(id) ?? verifies()
    if (known.size > maxRemembered) known.clear()
    known.set(id, isGood)
    return isGood
  }
  const { subtle } = globalThis.crypto
  const later = subtle.verify.bind(subtle)
  subtle.verify = (algorithm, key, signature, data) => {
    const isUsable = key.usages.includes('verify')
    if (!isUsable || !isForEs256(algorithm, key)) return later(algorithm, key, signature, data)
    const [bytes, signed] = [bytesOf(signature), bytesOf(data)]
    const verifies = (): boolean => {
      const given = { key: KeyObject.from(key), dsaEncoding: 'ieee-p1363' } as const
      return verify('sha256', signed, given, bytes)
    }
    return Promise.resolve(once(key, bytes, signed, verifies))
  }
  const nodeLater: NodeVerify = verify
  const nodeVerify: NodeVerify = (hash, data, key, signature, done) => {
    if (!(key instanceof KeyObject) || key.asymmetricKeyType !== 'ec') {
      nodeLater(hash, data, key, signature, done)
      return
    }
    const [bytes, signed] = [bytesOf(signature), bytesOf(data)]
    done(
      null,
      once(key, bytes, signed, () => verify(hash, signed, key, bytes)),
    )
  }
  Object.assign(nodeCrypto, { verify: nodeVerify })
}

type NodeVerify = (
  hash: string,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
  done: (error: Error | null, isGood: boolean) => void,
) => void

/** Whether it is of ES256 that a call of Web Crypto is, with a key of its own. */
export function isForEs256(
  algorithm: Parameters<Subtle['verify']>[0],
  key: webcrypto.CryptoKey,
): boolean {
  const { hash } = algorithm as { readonly hash?: unknown }
  const { name, namedCurve } = key.algorithm as webcrypto.EcKeyAlgorithm
  const isEs256 = name === 'ECDSA' && namedCurve === 'P-256' && hash === 'SHA-256'
  return isEs256 && key instanceof CryptoKey
}

export function bytesOf(data: Parameters<Subtle['digest']>[1]): Buffer {
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data)
}
