import { createHash } from 'node:crypto'
import { refuse } from '../domain/failure.ts'
import type { Client } from '../domain/identity.ts'
import type { SurfaceContext } from './context.ts'
import type { SurfaceRequest } from './surface.ts'
import { checkAssertion, type AssertionContext } from './client-assertion.ts'
import { readClientCredentials } from './client-credentials.ts'
import { oauthClientOf } from './oauth-client.ts'
import { createRateLimit } from './rate-limit.ts'

/** Secrets of one address in a minute that were not seen to be right before. */
const GUESSES_PER_MINUTE = 30
/** Clients whose last right secret is remembered, as a hash. */
const MAX_REMEMBERED = 1000

/**
 * Makes the check of the client that calls an endpoint of OAuth. Clients of every dialect have the
 * id that their tokens carry as `client_id`.
 *
 * A secret that was right is remembered as a hash for as long as the client keeps it: argon2 takes
 * long on purpose, and a client calls often. Every other secret is counted before it is looked at.
 *
 * @returns A function that gives the id of the client, where it names one and proves that it is
 *   that: a client of OAuth in the way that it is registered with; of the others a client that has
 *   a secret here must send it, and any other only says who it is.
 * @throws {Refusal} (the function) `credentials_invalid`, `account_disabled`, `rate_limited`,
 *   `stale`, and what `readClientCredentials` refuses.
 */
export function createClientAuthentication(
  context: Pick<SurfaceContext, 'rateLimitFactor'> & AssertionContext,
): (request: SurfaceRequest) => Promise<string | undefined> {
  const { core } = context
  const guesses = createRateLimit({ points: GUESSES_PER_MINUTE, windowSeconds: 60 }, context)
  const proofs = new Map<string, string>()

  async function prove(client: Client | undefined, secret: string, address: string): Promise<void> {
    const proof = proofOf(client, secret)
    if (client !== undefined && proofs.get(client.id) === proof) return
    await guesses.consume(address)
    if (!(await core.isClientSecret(client, secret))) refuse({ kind: 'credentials_invalid' })
    if (client === undefined) return
    proofs.delete(client.id)
    proofs.set(client.id, proof)
    const [oldest] = proofs.keys()
    if (proofs.size > MAX_REMEMBERED && oldest !== undefined) proofs.delete(oldest)
  }

  return async (request) => {
    const credentials = readClientCredentials(request)
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
    return id
  }
}

/** Of the stored hash as well: a secret that was changed is not right any more. */
function proofOf(client: Client | undefined, secret: string): string {
  const hash = createHash('sha256')
  return hash.update(`${client?.secretHash ?? ''}\0${secret}`).digest('base64url')
}
