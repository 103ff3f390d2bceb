/**
 * Authorization codes (RFC 6749, section 4.1): issued after a consent, and good for one session. A
 * code that comes a second time ends the session that it opened (section 4.1.2; RFC 9700, section
 * 2.1.1).
 */
import { refuse } from '../domain/failure.ts'
import { isOvertaken, type Generations } from '../domain/generation.ts'
import type { Json } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'
import { digest, mintHandle } from './handles.ts'
import { openSession, type IssuedTokens, type SessionRequest } from './open-session.ts'
import { revoke } from './revoke.ts'

/** Codes are remembered this long after they expired, so that a late second use is noticed. */
const REMEMBER_MS = 3_600_000

export interface CodeGrant {
  /** Id of the client that may use the code. */
  readonly clientId: string
  readonly subjectId: string
  /** The counters when consent was given: a code opens nothing that was ended since then. */
  readonly generations: Generations
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

interface StoredGrant extends CodeGrant {
  readonly validUntilMs: number
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
    kind: kindsOf(dialect).code,
    key: digest(code),
    value: JSON.stringify(stored),
    expiresAtMs: validUntilMs + REMEMBER_MS,
  })
  return code
}

/**
 * Uses a code up: of any number of callers one gets tokens. A later use ends what the first one
 * opened.
 *
 * @throws {Refusal} What `permit` refuses with; `token_invalid`: there is no such code, or it was
 *   used before; `token_expired`; `token_revoked`: what it stands for has ended since the consent,
 *   or it was used twice at once; `account_disabled`, `store_unavailable`.
 */
export async function redeemCode(
  dependencies: CoreDependencies,
  redemption: Redemption,
): Promise<IssuedTokens> {
  const { store, clock } = dependencies
  const { dialect, code } = redemption
  const kinds = kindsOf(dialect)
  const key = digest(code)
  const ticket = await store.findTicket(kinds.code, key)
  if (ticket === undefined)
    return refuse({ kind: 'token_invalid', reason: 'there is no such code' })
  const grant = JSON.parse(ticket.value) as StoredGrant
  await redemption.permit(grant)

  const { expiresAtMs } = ticket
  const nowMs = clock.nowMs()
  const second = (): Promise<never> => refuseSecondUse(dependencies, redemption, key, grant)
  if ((await store.findTicket(kinds.used, key)) !== undefined) return second()
  if (nowMs > grant.validUntilMs) return refuse({ kind: 'token_expired' })
  const use = { kind: kinds.used, key, value: String(nowMs), expiresAtMs }
  if (!(await store.addTicket(use, nowMs))) return second()
  const { subjectId, clientId } = grant
  const tokens = await openSession(dependencies, {
    ...redemption.session,
    subjectId,
    clientId,
    dialect,
  })
  const { sid, generations } = tokens.session
  await store.putTicket({ kind: kinds.session, key, value: sid, expiresAtMs })
  // A use after the grace has either counted itself by now, or finds the session that is named above.
  const used = await store.findTicket(kinds.used, key)
  if (used === undefined || used.attempts > 0 || isOvertaken(grant.generations, generations)) {
    await endCompromised(dependencies, sid, grant)
    return refuse({ kind: 'token_revoked' })
  }
  return tokens
}

async function refuseSecondUse(
  dependencies: CoreDependencies,
  { dialect, graceMs }: Redemption,
  key: string,
  grant: CodeGrant,
): Promise<never> {
  const { store, clock } = dependencies
  const kinds = kindsOf(dialect)
  const used = await store.findTicket(kinds.used, key)
  const sinceMs = clock.nowMs() - Number(used?.value)
  // The distance in either direction: a clock that was set back makes no reuse of a double submit.
  if (Math.abs(sinceMs) > graceMs) {
    await store.countAttempt(kinds.used, key)
    const opened = await store.findTicket(kinds.session, key)
    if (opened !== undefined) await endCompromised(dependencies, opened.value, grant)
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

function kindsOf(dialect: string): Readonly<Record<'code' | 'used' | 'session', string>> {
  return {
    code: `${dialect}-code`,
    used: `${dialect}-code-used`,
    session: `${dialect}-code-session`,
  }
}
