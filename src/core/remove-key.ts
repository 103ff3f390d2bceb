import { refuse } from '../domain/failure.ts'
import type { CoreDependencies } from './dependencies.ts'
import { revoke, type Revoked } from './revoke.ts'

export interface RemoveKeyRequest {
  readonly kid: string
  /** See `RevokeRequest.actor`. */
  readonly actor: string
  /** False: answer as soon as it is stored (`Prefer: respond-async`). */
  readonly wait: boolean
}

/**
 * Removes a signing key that may have leaked. The removal is an entry of the log, as every logout
 * is: when it is confirmed, no verifier accepts anything that the key has signed or will sign.
 * Where the key signs, another one takes its place first. Sessions go on, with tokens that the
 * other one signs.
 *
 * @throws {Refusal} `not_found`: no key has this id. `store_unavailable`: it is not removed.
 */
export async function removeKey(
  dependencies: CoreDependencies,
  { kid, actor, wait }: RemoveKeyRequest,
): Promise<Revoked> {
  const { store, keys } = dependencies
  const key = (await store.listKeys()).find((one) => one.kid === kid)
  if (key === undefined) return refuse({ kind: 'not_found' })
  if (!keys.isRemoved(kid)) {
    if (key.retiredAtMs === undefined) await keys.rotate()
    // Until then nodes sign with the old one, and guards may not have fetched the new one: a login
    // at this moment would issue a token that no guard accepts.
    await keys.newestSigns()
  }
  return revoke(dependencies, {
    scope: 'signing_key',
    key: kid,
    reason: 'compromised',
    actor,
    ifGeneration: 0,
    wait,
  })
}
