import type { Revocation } from '../domain/revocation.ts'

/**
 * An entry of the log of `node-1` that ends everything of the subject `maria`, as a hub is given
 * it: nobody computes the hashes.
 */
export function madeRevocation(sequence: number, forgetAfterMs: number): Revocation {
  return {
    id: `r${sequence}`,
    stream: 'node-1',
    sequence,
    scope: 'subject',
    key: 'maria',
    generation: sequence,
    reason: 'logout',
    actor: 'system',
    note: '',
    atMs: 0,
    forgetAfterMs,
    previousHash: '',
    hash: '',
  }
}
