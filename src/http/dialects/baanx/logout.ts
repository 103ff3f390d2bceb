/** The three ways to end something: logout, revoking a client's grants, revoking one token. */
import { refusalOf } from '../../../core/inspect.ts'
import { refuse } from '../../../domain/failure.ts'
import { generationIn } from '../../../domain/generation.ts'
import type { Client } from '../../../domain/identity.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import { grantKey } from '../../../domain/scope.ts'
import { oauthClientOf, oauthClientsOf, type Bearer } from './caller.ts'
import { endSession } from './end-session.ts'
import { BAANX, type BaanxService } from './service.ts'

/**
 * `POST /v1/auth/logout`: ends the session of the bearer, its access and refresh tokens. Other
 * sessions and other grants of the person stay.
 */
export async function logout(
  service: BaanxService,
  { claims }: Bearer,
  wait: boolean,
): Promise<Receipt> {
  const { sid, sub } = claims
  return endSession(service, { sid, reason: 'logout', actor: `subject:${sub}`, wait })
}

/**
 * `DELETE /v1/auth/oauth/revoke`: ends every access and refresh token of an OAuth client for this
 * person. Called with the token of a login, which names no OAuth client, it does so for all OAuth
 * clients of the caller; the login itself stays.
 *
 * @returns Undefined where the caller has no OAuth client, so that there is nothing to end.
 */
export async function revokeGrants(
  service: BaanxService,
  caller: Client,
  { claims, oauthClient }: Bearer,
  wait: boolean,
): Promise<Receipt | undefined> {
  const end = async (clientId: string, seen: { ifGeneration?: number }): Promise<Receipt> => {
    const { receipt } = await service.core.revoke({
      scope: 'grant',
      key: grantKey(clientId, claims.sub),
      reason: 'revoked_by_client',
      actor: `subject:${claims.sub}`,
      ...seen,
      wait,
    })
    return receipt
  }
  if (oauthClient !== undefined) {
    return end(oauthClient.id, { ifGeneration: generationIn(claims.gen, 'grant') })
  }
  const receipts: Receipt[] = []
  for await (const clients of oauthClientsOf(service, caller)) {
    receipts.push(...(await Promise.all(clients.map(({ id }) => end(id, {})))))
  }
  return together(receipts)
}

/** Several receipts as one: as slow as the slowest, confirmed where all are. */
function together(receipts: readonly Receipt[]): Receipt | undefined {
  return receipts.reduce<Receipt | undefined>(
    (all, one) =>
      all === undefined
        ? one
        : {
            revocationId: all.revocationId,
            confirmed: all.confirmed && one.confirmed,
            acknowledged: Math.min(all.acknowledged, one.acknowledged),
            verifiers: Math.max(all.verifiers, one.verifiers),
            lapsed: Math.max(all.lapsed, one.lapsed),
            elapsedMs: Math.max(all.elapsedMs, one.elapsedMs),
          },
    undefined,
  )
}

/**
 * `POST /v1/auth/oauth2/revoke` (RFC 7009): ends the session of an access or refresh token, so that
 * both of its tokens end. An access token does so as well when it has expired, since the refresh
 * token beside it has not, and when something else has ended it already: where its session has
 * ended that is waited for, and otherwise it ends now.
 *
 * @returns Undefined for a token that is not known: there is nothing to end.
 * @throws {Refusal} `forbidden` for a token of another application (RFC 7009, section 2.1).
 */
export async function revokeToken(
  service: BaanxService,
  caller: Client,
  token: string,
  wait: boolean,
): Promise<Receipt | undefined> {
  const found = await findTokenSession(service, token)
  if (found === undefined) return undefined
  const { sid, clientId } = found
  if (clientId !== caller.id && (await oauthClientOf(service, caller, clientId)) === undefined) {
    return refuse({ kind: 'forbidden', reason: 'the token is of another application' })
  }
  return endSession(service, {
    sid,
    reason: 'revoked_by_client',
    actor: `client:${clientId}`,
    wait,
  })
}

interface TokenSession {
  readonly sid: string
  readonly clientId: string
}

async function findTokenSession(
  service: BaanxService,
  token: string,
): Promise<TokenSession | undefined> {
  const { core } = service
  const session = await core.sessions.findByRefreshToken(token)
  if (session !== undefined) return session.dialect === BAANX ? session : undefined
  const recognized = await core.recognize(token, BAANX)
  if (recognized === 'stale') return refuse(refusalOf({ reason: recognized }))
  if (typeof recognized === 'string') return undefined
  const { sid, client_id: clientId } = recognized.claims
  return { sid, clientId }
}
