/** `private_key_jwt` (RFC 7523, section 3): a client proves who it is with a JWT that it signs. */
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet } from 'jose'
import { refuse } from '../domain/failure.ts'
import { digest } from '../core/handles.ts'
import type { SurfaceContext } from './context.ts'
import type { OAuthClient } from './oauth-client.ts'
import { pushPath, tokenPath } from './token-endpoints.ts'

/** Algorithms of a pair of keys. `none` and shared secrets are none of them. */
export const assertionAlgorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const

/** An assertion that lives longer is refused: its `jti` is remembered for as long. */
const MAX_LIFE_SECONDS = 600
/** By how much the client's clock may be off. */
const SKEW_SECONDS = 30

/**
 * Checks an assertion, which is good once.
 *
 * @throws {Refusal} `credentials_invalid`.
 */
export async function checkAssertion(
  { core, clock, issuer }: Pick<SurfaceContext, 'core' | 'clock' | 'issuer'>,
  client: OAuthClient | undefined,
  assertion: string,
): Promise<void> {
  const { jwks } = client?.metadata ?? {}
  if (client === undefined || jwks === undefined) return refuse({ kind: 'credentials_invalid' })
  const nowMs = clock.nowMs()
  try {
    const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks as JSONWebKeySet), {
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
