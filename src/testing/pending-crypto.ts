/**
 * The runtime's cryptography answers outside of simulated time, from threads of its own. A
 * simulation has to know when no answer is under way; and it signs and verifies so often that
 * waiting for another thread would take most of its time.
 */
import { KeyObject, sign } from 'node:crypto'
import { bytesOf, isForEs256, verifyAtOnce } from './verify-at-once.ts'

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
  const signLater = subtle.sign.bind(subtle)
  subtle.sign = (algorithm, key, data) => {
    if (!isForEs256(algorithm, key)) return signLater(algorithm, key, data)
    const given = { key: KeyObject.from(key), dsaEncoding: 'ieee-p1363' } as const
    return Promise.resolve(Uint8Array.from(sign('sha256', bytesOf(data), given)).buffer)
  }
  verifyAtOnce()
  pending = counter
  return counter
}
