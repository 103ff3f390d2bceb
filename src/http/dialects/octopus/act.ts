/** The verbs, each with its order of checks. Where the order matters, the line above says why. */
import { clientSubject, type Client } from '../../../domain/identity.ts'
import { refuse } from '../../../domain/failure.ts'
import { generationIn } from '../../../domain/generation.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import type { Core } from '../../../core/core.ts'
import type { IssuedTokens } from '../../../core/issued-tokens.ts'
import type { AccessClaims } from '../../../verifier/claims.ts'
import type { Origin } from '../../came-from.ts'
import { addressMatcher } from '../../client-address.ts'
import { clientNumber } from '../../client-number.ts'
import type { OctopusOptions } from './options.ts'
import type { Quota } from './quota.ts'
import type { LoginBody } from './wire.ts'

/** Name of the dialect and audience of its tokens. */
const OCTOPUS = 'octopus'

export interface OctopusService {
  readonly core: Core
  readonly settings: OctopusOptions
  readonly loginQuota: Quota
  /** Logins by address, given back where they succeed: bounds guessing at keys that do not exist. */
  readonly failedLoginQuota: Quota
  /** Refreshes by client, and logouts by client beside them. */
  readonly refreshQuota: Quota
  readonly readQuota: Quota
}

export interface ClientTokens {
  readonly tokens: IssuedTokens
  readonly clientNumber: number
}

/**
 * `POST /auth/login`: API key and secret for an access and a refresh token.
 *
 * @throws {Refusal} `rate_limited`, `credentials_invalid`, `account_disabled`,
 *   `address_not_allowed`.
 */
export async function login(
  service: OctopusService,
  command: LoginBody,
  origin: Origin,
): Promise<ClientTokens> {
  const { core, settings } = service
  const { address } = origin
  service.failedLoginQuota.spend(address)
  // Credentials before address: a caller without the secret does not learn which keys exist.
  const client = await core.authenticateClient(OCTOPUS, command.username, command.password)
  // Address before quota: a leaked secret used from elsewhere does not eat the client's quota.
  permitAddress(client, address)
  service.loginQuota.spend(client.id)
  const clientNumber = numberOf(client)
  const tokens = await core.openSession({
    subjectId: clientSubject(client.id),
    provedBy: client,
    clientId: client.id,
    dialect: OCTOPUS,
    audience: OCTOPUS,
    accessLifetimeMs: settings.accessLifetimeMs,
    refreshLifetimeMs: settings.refreshLifetimeMs,
    sessionLifetimeMs: Math.max(settings.sessionLifetimeMs, settings.refreshLifetimeMs),
    attributes: { ...origin },
  })
  service.failedLoginQuota.giveBack(address)
  return { tokens, clientNumber }
}

/**
 * `POST /auth/refresh`: a refresh token for a new pair. The old one is used up; the access token
 * beside it lives on until it expires.
 *
 * @throws {Refusal} `token_invalid`, `token_expired`, `token_revoked`, `refresh_token_reused`,
 *   `address_not_allowed`, `rate_limited`.
 */
export async function refresh(
  service: OctopusService,
  refreshToken: string,
  address: string,
): Promise<ClientTokens> {
  const { core, settings } = service
  const tokens = await core.refresh({
    refreshToken,
    dialect: OCTOPUS,
    audience: OCTOPUS,
    accessLifetimeMs: settings.accessLifetimeMs,
    refreshLifetimeMs: settings.refreshLifetimeMs,
    graceMs: settings.graceMs,
    onReplay: settings.onReplay,
    permit: async (session) => {
      permitAddress(await activeClient(core, session.clientId), address)
      service.refreshQuota.spend(`refresh ${session.clientId}`)
    },
  })
  return { tokens, clientNumber: numberOf({ id: tokens.session.clientId }) }
}

/**
 * `POST /auth/logout`: ends every access and refresh token of the client whose token was presented.
 *
 * @returns The receipt.
 * @throws {Refusal} As `admit` does, and `store_unavailable`: then nothing has ended.
 */
export async function logout(
  service: OctopusService,
  token: string,
  address: string,
  wait: boolean,
): Promise<Receipt> {
  const { core } = service
  const claims = await core.inspectForLogout({ token, audience: OCTOPUS, wait })
  // A client that was disabled may still end its tokens.
  permitAddress(await knownClient(core, claims.client_id), address)
  service.refreshQuota.spend(`logout ${claims.client_id}`)
  const { receipt } = await core.revoke({
    scope: 'client',
    key: claims.client_id,
    reason: 'logout',
    actor: `client:${claims.client_id}`,
    // A logout that was sent twice does not end what was opened after the first.
    ifGeneration: generationIn(claims.gen, 'client'),
    wait,
  })
  return receipt
}

/**
 * `GET /api/v1/wallets`: a protected resource, to see whether a token is alive. This server keeps
 * no wallets, so the list is empty.
 *
 * @throws {Refusal} As `admit` does, and `rate_limited`.
 */
export async function listWallets(
  service: OctopusService,
  token: string,
  address: string,
): Promise<readonly never[]> {
  const claims = await admit(service.core, token, address)
  service.readQuota.spend(claims.client_id)
  return []
}

/**
 * The checks of every protected call, in this order: signature, expiry, revocation, address. The
 * client is known only from its token, so a bad token from a bad address is a bad token.
 *
 * @throws {Refusal} `token_invalid`, `token_expired`, `token_revoked`, `stale`,
 *   `address_not_allowed`.
 */
async function admit(core: Core, token: string, address: string): Promise<AccessClaims> {
  const claims = await core.inspect(token, OCTOPUS)
  await permitClient(core, claims, address)
  return claims
}

async function permitClient(core: Core, claims: AccessClaims, address: string): Promise<void> {
  permitAddress(await activeClient(core, claims.client_id), address)
}

async function activeClient(core: Core, id: string): Promise<Client> {
  const client = await knownClient(core, id)
  if (client.status === 'active') return client
  return refuse({ kind: 'token_invalid', reason: 'its client is disabled' })
}

async function knownClient(core: Core, id: string): Promise<Client> {
  const client = await core.clients.find({ by: 'id', value: id })
  if (client?.dialect === OCTOPUS) return client
  return refuse({ kind: 'token_invalid', reason: 'its client is gone' })
}

/** No entries: from anywhere. */
function permitAddress(client: Client, address: string): void {
  if (client.allowlist.length === 0) return
  if (!addressMatcher(client.allowlist)(address)) refuse({ kind: 'address_not_allowed' })
}

/** The wire's `client_id` is an integer, so an Octopus client's id is one in decimal digits. */
function numberOf({ id }: Pick<Client, 'id'>): number {
  const reason = 'the id of this Octopus client is not an integer'
  return clientNumber(id) ?? refuse({ kind: 'internal', reason })
}
