/** The token call: a code or a refresh token for an access token and a new refresh token. */
import { refuse, type Failure } from '../../../domain/failure.ts'
import { isOvertaken, type Generations } from '../../../domain/generation.ts'
import type { Client } from '../../../domain/identity.ts'
import type { IssuedTokens } from '../../../core/open-session.ts'
import type { DialectRequest } from '../../dialect.ts'
import { CODE, type CodeGrant } from './authorize.ts'
import { oauthClientOf } from './caller.ts'
import { endSession, type SessionEnd } from './end-session.ts'
import { sessionAttributes } from './login.ts'
import type { TokenCommand } from './parse.ts'
import { BAANX, digest, type BaanxService } from './service.ts'

const USED = 'baanx-code-used'
const OPENED = 'baanx-code-session'

const invalidGrant = {
  kind: 'token_invalid',
  reason: 'not a code that this client may use',
} as const

/**
 * `POST …/token`.
 *
 * @throws {Refusal} `token_invalid`, `token_expired`, `token_revoked`, `refresh_token_reused`,
 *   `account_disabled`, `store_unavailable`.
 */
export async function exchange(
  service: BaanxService,
  caller: Client,
  command: TokenCommand,
  request: DialectRequest,
): Promise<IssuedTokens> {
  return command.grant === 'refresh_token'
    ? refresh(service, caller, command.refreshToken)
    : redeem(service, caller, command, request)
}

async function refresh(
  service: BaanxService,
  caller: Client,
  refreshToken: string,
): Promise<IssuedTokens> {
  const { accessLifetimeMs, refreshLifetimeMs, graceMs } = service.settings
  return service.core.refresh({
    refreshToken,
    dialect: BAANX,
    audience: BAANX,
    accessLifetimeMs,
    refreshLifetimeMs,
    graceMs,
    onReplay: 'same-answer',
    permit: async ({ clientId }) => {
      const client = await oauthClientOf(service, caller, clientId)
      if (client === undefined) refuse(invalidGrant)
    },
  })
}

/**
 * Uses a code up: of any number of callers one gets tokens. A later use ends what the first one
 * opened (RFC 6749, section 4.1.2); it must come with the right verifier, so that who merely saw
 * the code can end nothing. A use within the grace is a double submit of the same client: it is
 * refused and ends nothing.
 */
async function redeem(
  service: BaanxService,
  caller: Client,
  command: TokenCommand & { readonly grant: 'authorization_code' },
  request: DialectRequest,
): Promise<IssuedTokens> {
  const { core } = service
  const { store, clock } = core.dependencies
  const key = digest(command.code)
  const ticket = await store.findTicket(CODE, key)
  if (ticket === undefined) return refuse(invalidGrant)
  const grant = JSON.parse(ticket.value) as CodeGrant
  await checkGrant(service, caller, command, grant)

  const { expiresAtMs } = ticket
  const nowMs = clock.nowMs()
  if ((await store.findTicket(USED, key)) !== undefined) return refuseSecondUse(service, key, grant)
  if (nowMs > grant.validUntilMs) return refuse({ kind: 'token_expired' })
  const use = { kind: USED, key, value: String(nowMs), expiresAtMs }
  if (!(await store.addTicket(use, nowMs))) return refuseSecondUse(service, key, grant)
  const tokens = await openGrant(service, grant, request)
  const { sid } = tokens.session
  await store.putTicket({ kind: OPENED, key, value: sid, expiresAtMs })
  // A use after the grace has either counted itself by now, or finds the session that is named above.
  const used = await store.findTicket(USED, key)
  if (used === undefined || used.attempts > 0 || endedSince(grant, tokens.session.generations)) {
    await endSession(service, compromised(sid, grant))
    return refuse({ kind: 'token_revoked' })
  }
  return tokens
}

async function checkGrant(
  service: BaanxService,
  caller: Client,
  command: TokenCommand & { readonly grant: 'authorization_code' },
  grant: CodeGrant,
): Promise<void> {
  const { redirectUri, clientId, codeVerifier } = command
  const client = await oauthClientOf(service, caller, grant.clientId)
  if (client === undefined) return refuse(invalidGrant)
  if (clientId !== undefined && clientId !== client.key) return refuse(invalidGrant)
  if (redirectUri !== undefined && redirectUri !== grant.redirectUri) return refuse(invalidGrant)
  if (digest(codeVerifier) !== grant.codeChallenge) return refuse(invalidGrant)
}

async function openGrant(
  service: BaanxService,
  grant: CodeGrant,
  request: DialectRequest,
): Promise<IssuedTokens> {
  const { accessLifetimeMs, refreshLifetimeMs, sessionLifetimeMs } = service.settings
  return service.core.openSession({
    subjectId: grant.subjectId,
    clientId: grant.clientId,
    dialect: BAANX,
    audience: BAANX,
    accessLifetimeMs,
    refreshLifetimeMs,
    sessionLifetimeMs: Math.max(sessionLifetimeMs, refreshLifetimeMs),
    attributes: sessionAttributes(request),
  })
}

/** Whether anything that the code stands for was ended between consent and now. */
function endedSince(grant: CodeGrant, now: Generations): boolean {
  return isOvertaken(grant.generations, now)
}

function compromised(sid: string, { clientId }: CodeGrant): SessionEnd {
  return { sid, reason: 'compromised', actor: `client:${clientId}`, wait: true }
}

async function refuseSecondUse(
  service: BaanxService,
  key: string,
  grant: CodeGrant,
): Promise<never> {
  const { store, clock } = service.core.dependencies
  const failure: Failure = { kind: 'token_invalid', reason: 'the code was used before' }
  const used = await store.findTicket(USED, key)
  const sinceMs = clock.nowMs() - Number(used?.value)
  // The distance in either direction: a clock that was set back makes no reuse of a double submit.
  if (Math.abs(sinceMs) <= service.settings.graceMs) return refuse(failure)
  await store.countAttempt(USED, key)
  const opened = await store.findTicket(OPENED, key)
  if (opened !== undefined) await endSession(service, compromised(opened.value, grant))
  return refuse(failure)
}
