import { ENTRY_VERSION, type Revocation } from '../domain/revocation.ts'

/**
 * An entry of the log of `node-1` that ends everything of the subject `maria`, as a hub is given
 * it. Its hashes are not computed.
 */
export function madeRevocation(sequence: number, forgetAfterMs: number): Revocation {
  return {
    id: `r${sequence}`,
    stream: 'node-1',
    sequence,
    version: ENTRY_VERSION,
    scope: 'subject',
    issuer: '',
    key: 'maria',
    generation: sequence,
    cutoffSeconds: 0,
    reason: 'logout',
    actor: 'system',
    note: '',
    atMs: 0,
    forgetAfterMs,
    previousHash: '',
    hash: '',
  }
}
