import { refuse } from '../domain/failure.ts'
import { unknownReceipt, type Receipt } from '../domain/receipt.ts'
import type { Reason, Revocation } from '../domain/revocation.ts'
import { EVERYONE, hasOneKey, type Scope } from '../domain/scope.ts'
import { awaitEnded } from './await-ended.ts'
import type { CoreDependencies } from './dependencies.ts'
import type { Names } from './find-ending.ts'
import { mintId } from './mint-id.ts'

export interface RevokeRequest {
  readonly scope: Scope
  /** See `RevocationCommand.key`; ignored for `everyone`. */
  readonly key: string
  readonly reason: Reason
  /** `subject:maria`, `client:42`, `operator:maria`, `system`. */
  readonly actor: string
  readonly note?: string
  /** Wide scopes: the generation that the caller's own token carries. */
  readonly ifGeneration?: number
  /** Wide scopes: see `RevocationCommand.leastGeneration`. */
  readonly leastGeneration?: number
  /** See `RevocationCommand`, all three: `revokeForeign` gives them. */
  readonly issuer?: string
  readonly cutoffSeconds?: number
  readonly foreignForgetAfterMs?: number
  /**
   * What the caller wants to have ended, where something else than this key may have ended it
   * before: then the receipt is that of the entry that did.
   */
  readonly names?: Names
  /** False: answer as soon as it is stored (`Prefer: respond-async`). */
  readonly wait: boolean
}

export interface Revoked {
  readonly revocation: Revocation
  readonly receipt: Receipt
  /** False where it had ended before. */
  readonly added: boolean
}

/**
 * Ends something: the one primitive that every logout uses. Durable when it resolves; confirmed as
 * well where `wait` is true, also where it had ended before.
 *
 * @throws {Refusal} `store_unavailable` when it could not be stored: then nothing has ended.
 */
export async function revoke(
  dependencies: CoreDependencies,
  request: RevokeRequest,
): Promise<Revoked> {
  const { store, clock, random, confirmation } = dependencies
  const nowMs = clock.nowMs()
  const { wait, names, ...command } = request
  const { revocation, added } = await store.revoke({
    ...command,
    id: mintId(random, nowMs),
    key: hasOneKey(request.scope) ? EVERYONE : request.key,
    note: request.note ?? '',
    atMs: nowMs,
  })
  let known: Receipt | undefined
  if (!added) {
    const named = names === undefined ? {} : { names }
    known = await awaitEnded(dependencies, { ...named, by: revocation, wait })
  } else if (wait) known = await confirmation.confirmed(revocation)
  else known = confirmation.receipt(revocation)
  const receipt = known ?? unknownReceipt(revocation.id)
  if (wait && !receipt.confirmed) {
    return refuse({ kind: 'internal', reason: 'confirmation ended without being confirmed' })
  }
  return { revocation, receipt, added }
}
