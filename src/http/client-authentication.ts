import { hash, timingSafeEqual } from 'node:crypto'
import { RecentMap } from '../domain/recent-map.ts'
import { refuse } from '../domain/failure.ts'
import type { Client } from '../domain/identity.ts'
import type { SurfaceContext } from './context.ts'
import type { SurfaceRequest } from './surface.ts'
import { checkAssertion, type AssertionContext } from './client-assertion.ts'
import { readForm } from './body.ts'
import { readClientCredentials } from './client-credentials.ts'
import { oauthClientOf, type OAuthClient } from './oauth-client.ts'
import { createRateLimit } from './rate-limit.ts'

/** Secrets of one address in a minute that were not seen to be right before. */
const GUESSES_PER_MINUTE = 30
/** Clients whose last right secret is remembered, as a hash. */
const MAX_REMEMBERED = 1000

/** Who calls an endpoint of OAuth. */
export interface Caller {
  readonly id: string
  /** As it was registered when its credentials were checked; undefined: not a client of OAuth. */
  readonly client: OAuthClient | undefined
}

/**
 * Makes the check of the client that calls an endpoint of OAuth. Clients of every dialect have the
 * id that their tokens carry as `client_id`.
 *
 * A secret that was right is remembered as a hash for as long as the client keeps it: argon2 takes
 * long on purpose, and a client calls often. Every other secret is counted before it is looked at.
 *
 * @returns A function that gives the client, where the request names one and proves that it comes
 *   from it: a client of OAuth in the way that it is registered with; of the others a client that
 *   has a secret here must send it, and any other only says who it is.
 * @throws {Refusal} (the function) `credentials_invalid`, `account_disabled`, `rate_limited`,
 *   `stale`, and what `readClientCredentials` refuses.
 */
export function createClientAuthentication(
  context: Pick<SurfaceContext, 'rateLimitFactor'> & AssertionContext,
): (request: SurfaceRequest, form?: URLSearchParams) => Promise<Caller | undefined> {
  const { core } = context
  const guesses = createRateLimit({ points: GUESSES_PER_MINUTE, windowSeconds: 60 }, context)
  const proofs = new RecentMap<string, Buffer>(MAX_REMEMBERED)

  async function prove(client: Client | undefined, secret: string, address: string): Promise<void> {
    const proof = proofOf(client, secret)
    const known = client && proofs.get(client.id)
    if (known !== undefined && timingSafeEqual(known, proof)) return
    await guesses.consume(address)
    if (!(await core.isClientSecret(client, secret))) refuse({ kind: 'credentials_invalid' })
    if (client !== undefined) proofs.set(client.id, proof)
  }

  return async (request, form = readForm(request)) => {
    const credentials = readClientCredentials(request, form)
    if (credentials === undefined) return undefined
    const { id, secret, method, assertion } = credentials
    const client = await core.clients.find({ by: 'id', value: id })
    const registered = oauthClientOf(client)
    if (registered?.methods.includes(method) === false) {
      refuse({ kind: method === 'none' ? 'credentials_missing' : 'credentials_invalid' })
    }
    if (assertion !== undefined) await checkAssertion(context, registered, assertion)
    else if (secret !== undefined) await prove(client, secret, request.clientAddress)
    else if (client?.secretHash !== undefined) refuse({ kind: 'credentials_missing' })
    if (client?.status === 'disabled') refuse({ kind: 'account_disabled' })
    return { id, client: registered }
  }
}

/** Of the stored hash as well: a secret that was changed is not right any more. */
function proofOf(client: Client | undefined, secret: string): Buffer {
  return hash('sha256', `${client?.secretHash ?? ''}\0${secret}`, 'buffer')
}
