import { refuse } from '../domain/failure.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Reason, Revocation } from '../domain/revocation.ts'
import { EVERYONE, type Scope } from '../domain/scope.ts'
import type { CoreDependencies } from './dependencies.ts'
import { mintId } from './mint-id.ts'

export interface RevokeRequest {
  readonly scope: Scope
  /** See `RevocationCommand.key`; ignored for `everyone`. */
  readonly key: string
  readonly reason: Reason
  /** `subject:maria`, `client:42`, `operator:admin`, `system`. */
  readonly actor: string
  readonly note?: string
  /** Wide scopes: the generation that the caller's own token carries. */
  readonly seenGeneration?: number
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
 * A replica may forget an entry only after every token that it ends has expired. Tokens signed
 * while the entry was on its way to the disk are a little younger than its time says, on another
 * node's clock perhaps; the margin covers both.
 */
const FORGET_MARGIN_MS = 120_000

/** The last second that a replica can name, which it takes for never. */
const NEVER_MS = 0xffff_ffff * 1000

/**
 * Ends something: the one primitive that every logout comes to. Durable when it resolves; confirmed
 * as well where `wait` is true.
 *
 * @throws {Refusal} `store_unavailable` when it could not be stored: then nothing has ended.
 */
export async function revoke(
  dependencies: CoreDependencies,
  request: RevokeRequest,
): Promise<Revoked> {
  const { store, clock, random, confirmation } = dependencies
  const nowMs = clock.nowMs()
  const { revocation, added } = await store.revoke({
    id: mintId(random, nowMs),
    scope: request.scope,
    key: request.scope === 'everyone' ? EVERYONE : request.key,
    reason: request.reason,
    actor: request.actor,
    note: request.note ?? '',
    atMs: nowMs,
    forgetAfterMs: await forgetAfterMs(dependencies, request, nowMs),
    ...(request.seenGeneration === undefined ? {} : { seenGeneration: request.seenGeneration }),
  })
  const receipt = request.wait
    ? await confirmation.confirmed(revocation)
    : (confirmation.receipt(revocation) ?? unknownReceipt(revocation.id))
  if (request.wait && !receipt.confirmed) {
    return refuse({ kind: 'internal', reason: 'confirmation ended without being confirmed' })
  }
  return { revocation, receipt, added }
}

async function forgetAfterMs(
  dependencies: CoreDependencies,
  { scope, key }: RevokeRequest,
  nowMs: number,
): Promise<number> {
  switch (scope) {
    // Whoever holds the key signs tokens that expire when they like.
    case 'signing_key':
      return NEVER_MS
    case 'session':
      return nowMs + (await lifetimeOf(dependencies, key)) + FORGET_MARGIN_MS
    default:
      return nowMs + dependencies.longestAccessLifetimeMs + FORGET_MARGIN_MS
  }
}

/**
 * For how long the access tokens of a session live at the most: as it was fixed when the session
 * was opened, whatever the configuration says by now. Another issuer's session is not known here.
 */
async function lifetimeOf(dependencies: CoreDependencies, sid: string): Promise<number> {
  const known = dependencies.lifetimes.get(sid)
  if (known !== undefined) return known
  const session = await dependencies.store.findSession(sid)
  return session?.accessLifetimeMs ?? dependencies.longestAccessLifetimeMs
}

function unknownReceipt(revocationId: string): Receipt {
  return { revocationId, confirmed: false, acknowledged: 0, verifiers: 0, lapsed: 0, elapsedMs: 0 }
}
