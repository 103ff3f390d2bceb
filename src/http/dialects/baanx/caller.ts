/**
 * Who calls: the application by its `x-client-key`, and the person by a bearer that was issued to
 * that application or to one of its OAuth clients.
 */
import { refuse } from '../../../domain/failure.ts'
import { parentOf, type Client } from '../../../domain/identity.ts'
import type { AccessClaims } from '../../../verifier/claims.ts'
import { BAANX, type BaanxService } from './service.ts'

/** The `dialect` of OAuth clients; their attribute `parent` is the id of their application. */
export const OAUTH_CLIENT = 'baanx-oauth'

/** @throws {Refusal} `client_key_invalid` where no active client has that key. */
export async function findCaller(service: BaanxService, key: string): Promise<Client> {
  const client = await service.core.clients.find({ by: 'key', dialect: BAANX, value: key })
  if (client === undefined || client.status === 'disabled') {
    return refuse({ kind: 'client_key_invalid' })
  }
  return client
}

export interface Bearer {
  readonly claims: AccessClaims
  /** The OAuth client to which the token was issued; undefined for the token of a login. */
  readonly oauthClient: Client | undefined
}

/**
 * Verifies a bearer: it must be alive, and the caller's.
 *
 * @throws {Refusal} `token_invalid`, `token_expired`, `token_revoked`, `stale`.
 */
export async function admit(service: BaanxService, caller: Client, token: string): Promise<Bearer> {
  return bearerOf(service, caller, await service.core.inspect(token, BAANX))
}

/** The same for a call that ends something: see `inspectForLogout`. */
export async function admitForLogout(
  service: BaanxService,
  caller: Client,
  token: string,
  wait: boolean,
): Promise<Bearer> {
  const claims = await service.core.inspectForLogout({ token, audience: BAANX, wait })
  return bearerOf(service, caller, claims)
}

async function bearerOf(
  service: BaanxService,
  caller: Client,
  claims: AccessClaims,
): Promise<Bearer> {
  if (claims.client_id === caller.id) return { claims, oauthClient: undefined }
  const oauthClient = await oauthClientOf(service, caller, claims.client_id)
  if (oauthClient !== undefined) return { claims, oauthClient }
  return refuse({ kind: 'token_invalid', reason: 'it was issued to another application' })
}

/** The caller's OAuth client with that id; undefined where it is not the caller's, or disabled. */
export async function oauthClientOf(
  service: BaanxService,
  caller: Client,
  id: string,
): Promise<Client | undefined> {
  const client = await service.core.clients.find({ by: 'id', value: id })
  return client !== undefined && isOauthClientOf(client, caller) ? client : undefined
}

/** As `oauthClientOf`, by the `client_id` that authorization requests carry. */
export async function oauthClientByKey(
  service: BaanxService,
  caller: Client,
  key: string,
): Promise<Client | undefined> {
  const lookup = { by: 'key', dialect: OAUTH_CLIENT, value: key } as const
  const client = await service.core.clients.find(lookup)
  return client !== undefined && isOauthClientOf(client, caller) ? client : undefined
}

/** All OAuth clients of an application, page by page. */
export async function* oauthClientsOf(
  service: BaanxService,
  caller: Client,
): AsyncGenerator<readonly Client[]> {
  let cursor: string | undefined
  do {
    const page = await service.core.clients.listOf(caller.id, { limit: 100, cursor })
    yield page.items.filter((client) => isOauthClientOf(client, caller))
    cursor = page.next
  } while (cursor !== undefined)
}

function isOauthClientOf(client: Client, caller: Client): boolean {
  return (
    client.dialect === OAUTH_CLIENT && client.status === 'active' && parentOf(client) === caller.id
  )
}
