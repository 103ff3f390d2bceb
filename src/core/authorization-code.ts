/**
 * Authorization codes (RFC 6749, section 4.1): issued after a consent, and good for one session. A
 * code that comes a second time ends the session that it opened (section 4.1.2; RFC 9700, section
 * 2.1.1).
 */
import { refuse } from '../domain/failure.ts'
import { isOvertaken, type Generations } from '../domain/generation.ts'
import { isLoginLive, type Json } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'
import { digest, mintHandle } from './handles.ts'
import { firstTokens, type IssuedTokens } from './issued-tokens.ts'
import { sessionCommand, type SessionRequest } from './open-session.ts'
import { revoke } from './revoke.ts'

/** Codes are remembered this long after they expired, so that a late second use is noticed. */
export const REMEMBER_MS = 3_600_000

export interface CodeGrant {
  /** Id of the client that may use the code. */
  readonly clientId: string
  readonly subjectId: string
  /** The counters when consent was given: a code opens nothing that was ended since then. */
  readonly generations: Generations
  /** The session in which consent was given, where the code opens nothing once that has ended. */
  readonly consentedIn?: string
  /** What the surface wants to see again at the redemption: redirect URI, challenge. */
  readonly context: { readonly [name: string]: Json }
}

export interface NewCode extends CodeGrant {
  readonly dialect: string
  readonly lifetimeMs: number
}

export interface Redemption {
  readonly dialect: string
  readonly code: string
  /** A second use within this time is a double submit: it is refused and ends nothing. */
  readonly graceMs: number
  /**
   * Whether the caller may use the code; refuses where not. It comes before everything else, so
   * that a stranger who merely saw a code can end nothing with it.
   */
  readonly permit: (grant: CodeGrant) => Promise<void>
  /** How the session is opened; subject, client and dialect are those of the code. */
  readonly session: Omit<SessionRequest, 'subjectId' | 'clientId' | 'dialect'>
}

/** A grant as it is stored, as the JSON value of a ticket. */
export interface StoredGrant extends CodeGrant {
  readonly validUntilMs: number
  /** The session that was opened, and when. */
  readonly used?: { readonly sid: string; readonly atMs: number }
}

interface FoundGrant extends StoredGrant {
  readonly isUsed: boolean
}

/** Issues a code: 43 characters of base64url. The store keeps only its hash. */
export async function issueCode(
  { store, clock, random }: CoreDependencies,
  { dialect, lifetimeMs, ...grant }: NewCode,
): Promise<string> {
  const code = mintHandle(random)
  const validUntilMs = clock.nowMs() + lifetimeMs
  const stored: StoredGrant = { ...grant, validUntilMs }
  await store.putTicket({
    kind: codeKind(dialect),
    key: digest(code),
    value: JSON.stringify(stored),
    expiresAtMs: validUntilMs + REMEMBER_MS,
  })
  return code
}

/**
 * Redeems a code, once: the store marks it as used in the transaction that opens its session, so of
 * concurrent callers at any node only one gets tokens. A later use ends that session.
 *
 * @throws {Refusal} What `permit` refuses with; `token_invalid`: there is no such code, or it was
 *   used before; `token_expired`; `token_revoked`: what was consented to has ended since;
 *   `account_disabled`, `store_unavailable`.
 */
export async function redeemCode(
  dependencies: CoreDependencies,
  redemption: Redemption,
): Promise<IssuedTokens> {
  const { dialect, code, permit, graceMs, session } = redemption
  const place = { kind: codeKind(dialect), key: digest(code) }
  const grant = await findGrant(dependencies, place)
  if (grant === undefined) return refuse({ kind: 'token_invalid', reason: 'there is no such code' })
  await permit(grant)
  return redeemGrant(dependencies, { place, grant, dialect, graceMs, session })
}

export interface GrantRedemption extends Pick<Redemption, 'dialect' | 'graceMs' | 'session'> {
  /** Where the grant is stored. */
  readonly place: Place
  /** As it was found there. */
  readonly grant: FoundGrant
}

interface Place {
  readonly kind: string
  readonly key: string
}

/**
 * Uses up a grant that its caller may use: see {@link redeemCode}.
 *
 * @throws {Refusal} As `redeemCode`, but for what concerns the caller.
 */
export async function redeemGrant(
  dependencies: CoreDependencies,
  redemption: GrantRedemption,
): Promise<IssuedTokens> {
  const { store, clock } = dependencies
  const { place, grant, dialect } = redemption
  if (grant.used !== undefined) return refuseSecondUse(dependencies, redemption, grant)
  if (clock.nowMs() > grant.validUntilMs) return refuse({ kind: 'token_expired' })
  const { subjectId, clientId } = grant
  const request = { ...redemption.session, subjectId, clientId, dialect }
  const { command, refreshToken } = sessionCommand(dependencies, request)
  const used = { ...storedGrant(grant), used: { sid: command.sid, atMs: command.createdAtMs } }
  const ticket = { ...place, value: JSON.stringify(used satisfies StoredGrant) }
  const outcome = await store.redeem({ ticket, session: command })
  if (outcome.kind !== 'redeemed') {
    // Another call used it in between. Its session is known by now.
    const now = await findGrant(dependencies, place)
    return refuseSecondUse(dependencies, redemption, now ?? grant)
  }
  const { session } = outcome
  // Looked at once the session is stored: a logout that was answered before is seen here.
  if (
    isOvertaken(grant.generations, session.generations) ||
    (await isConsentOver(dependencies, grant))
  ) {
    await endCompromised(dependencies, session.sid, grant)
    return refuse({ kind: 'token_revoked' })
  }
  return firstTokens(dependencies, request, session, command.createdAtMs, refreshToken)
}

/** Asked of the login itself: clients that came into its session may stay when it ends. */
async function isConsentOver(
  { store, clock }: CoreDependencies,
  { consentedIn: sid }: CodeGrant,
): Promise<boolean> {
  if (sid === undefined) return false
  return !isLoginLive(await store.findSessionStatus(sid, clock.nowMs()))
}

/** The grant of a code; undefined for an unknown code. */
export async function findGrant(
  { store }: CoreDependencies,
  { kind, key }: Place,
): Promise<FoundGrant | undefined> {
  const ticket = await store.findTicket(kind, key)
  return ticket && { ...(JSON.parse(ticket.value) as StoredGrant), isUsed: ticket.attempts > 0 }
}

/** What the store has of it. */
export function storedGrant(grant: FoundGrant): StoredGrant {
  const { isUsed: _, ...stored } = grant
  return stored
}

async function refuseSecondUse(
  dependencies: CoreDependencies,
  { graceMs }: Pick<Redemption, 'graceMs'>,
  grant: StoredGrant,
): Promise<never> {
  const { used } = grant
  // The distance in either direction: a clock that was set back makes no reuse of a double submit.
  if (used !== undefined && Math.abs(dependencies.clock.nowMs() - used.atMs) > graceMs) {
    await endCompromised(dependencies, used.sid, grant)
  }
  return refuse({ kind: 'token_invalid', reason: 'the code was used before' })
}

async function endCompromised(
  dependencies: CoreDependencies,
  sid: string,
  { clientId }: CodeGrant,
): Promise<void> {
  await revoke(dependencies, {
    scope: 'session',
    key: sid,
    reason: 'compromised',
    actor: `client:${clientId}`,
    wait: true,
  })
}

export function codeKind(dialect: string): string {
  return `${dialect}-code`
}
