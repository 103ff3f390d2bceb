import { refuse } from '../domain/failure.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Revocation } from '../domain/revocation.ts'
import type { CoreDependencies } from './dependencies.ts'

/** `typ` of a signed receipt: no verifier takes it for an access token. */
const RECEIPT_TYPE = 'outright-receipt+jwt'

/**
 * A receipt as a JWT that anyone can verify with the key set of this server: what ended, when, and
 * who confirmed it. `sub` is the revocation; the key of a token or session is in it, no
 * credential.
 *
 * @throws {Refusal} `conflict` while it is not confirmed, or where that is no longer remembered:
 *   nothing is signed that this node does not know.
 */
export async function signReceipt(
  { keys, clock, issuer }: CoreDependencies,
  revocation: Revocation,
  receipt: Receipt | undefined,
): Promise<string> {
  if (receipt?.confirmed !== true) {
    return refuse({ kind: 'conflict', reason: 'no confirmation is known that could be signed' })
  }
  const { scope, key, reason, stream, sequence, hash, atMs } = revocation
  const { token } = await keys.signAs(RECEIPT_TYPE, {
    iss: issuer,
    sub: revocation.id,
    iat: Math.floor(clock.nowMs() / 1000),
    revocation: { scope, key, reason, at: atMs, stream, sequence, hash },
    confirmed: {
      acknowledged: receipt.acknowledged,
      verifiers: receipt.verifiers,
      lapsed: receipt.lapsed,
      ms: Math.round(receipt.elapsedMs),
    },
  })
  return token
}
