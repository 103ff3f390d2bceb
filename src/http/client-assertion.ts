/** `private_key_jwt` (RFC 7523, section 3): a client proves who it is with a JWT that it signs. */
import {
  createLocalJWKSet,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTVerifyGetKey,
} from 'jose'
import { refuse } from '../domain/failure.ts'
import { digest } from '../core/handles.ts'
import type { ClientMetadata } from '../protocol/client-metadata.ts'
import type { SurfaceContext } from './context.ts'
import type { NodeView } from './node-view.ts'
import type { OAuthClient } from './oauth-client.ts'
import { pushPath, tokenPath } from './token-endpoints.ts'

/** Algorithms of a pair of keys. `none` and shared secrets are none of them. */
export const assertionAlgorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const

/** An assertion that lives longer is refused: its `jti` is remembered for as long. */
const MAX_LIFE_SECONDS = 600
/** By how much the client's clock may be off. */
const SKEW_SECONDS = 30

export type AssertionContext = Pick<SurfaceContext, 'core' | 'clock' | 'issuer'> & {
  readonly node: Pick<NodeView, 'clientKeys'>
}

/**
 * Checks an assertion, which is good once.
 *
 * @throws {Refusal} `credentials_invalid`; `stale` where the client's keys cannot be read.
 */
export async function checkAssertion(
  context: AssertionContext,
  client: OAuthClient | undefined,
  assertion: string,
): Promise<void> {
  const { core, clock, issuer } = context
  const keys = client && keysOf(context, client.metadata)
  if (client === undefined || keys === undefined) return refuse({ kind: 'credentials_invalid' })
  const nowMs = clock.nowMs()
  try {
    const { payload } = await jwtVerify(assertion, keys, {
      issuer: client.id,
      subject: client.id,
      audience: [issuer, issuer + tokenPath, issuer + pushPath],
      algorithms: [...assertionAlgorithms],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(nowMs),
    })
    const { exp = 0, jti = '' } = payload
    const expiresAtMs = (exp + SKEW_SECONDS) * 1000
    const isShort = exp <= nowMs / 1000 + MAX_LIFE_SECONDS + SKEW_SECONDS
    const key = digest(JSON.stringify([client.id, jti]))
    const once = { kind: 'oauth-assertion', key, value: null, expiresAtMs }
    if (isShort && (await core.records.add(once))) return
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error
  }
  refuse({ kind: 'credentials_invalid' })
}

function keysOf(
  { node }: AssertionContext,
  { jwks, jwks_uri: uri }: ClientMetadata,
): JWTVerifyGetKey | undefined {
  if (jwks !== undefined) return createLocalJWKSet(jwks as JSONWebKeySet)
  return uri === undefined ? undefined : node.clientKeys(uri)
}
