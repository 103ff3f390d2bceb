import {
  calculateJwkThumbprint,
  compactVerify,
  exportJWK,
  generateKeyPair,
  SignJWT,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose'
import type { Clock } from '../../ports/clock.ts'
import { logoutEvent } from '../../protocol/logout-token.ts'
import { DEMO_PROVIDER } from './identity.ts'

/** How long its access tokens live; no login lasts longer, as there are no refresh tokens. */
export const TOKEN_LIFE_SECONDS = 3600
const LOGOUT_TOKEN_LIFE_SECONDS = 120
const ALGORITHM = 'ES256'

/** A login there. */
export interface Login {
  readonly sub: string
  readonly sid: string
}

/** What it signs, with a key that is made when it starts and never leaves it. */
export interface ProviderTokens {
  readonly keySet: JSONWebKeySet
  /** An access token of RFC 9068. */
  accessToken(login: Login): Promise<string>
  idToken(login: Login): Promise<string>
  /** A logout token of OpenID Connect Back-Channel Logout 1.0, section 2.4. */
  logoutToken(login: Login): Promise<string>
  /** The login that an ID token of its own is of, expired or not; undefined for anything else. */
  loginOf(idToken: string): Promise<Login | undefined>
}

/** @param issuer Its `iss`. */
export async function createTokens(issuer: string, clock: Clock): Promise<ProviderTokens> {
  const { privateKey, publicKey } = await generateKeyPair(ALGORITHM)
  const jwk = await exportJWK(publicKey)
  const kid = await calculateJwkThumbprint(jwk)
  const { audience, clientId } = DEMO_PROVIDER

  async function sign(typ: string, lifeSeconds: number, claims: JWTPayload): Promise<string> {
    const iat = Math.floor(clock.nowMs() / 1000)
    return new SignJWT({ iss: issuer, ...claims, iat, exp: iat + lifeSeconds })
      .setProtectedHeader({ alg: ALGORITHM, kid, typ })
      .sign(privateKey)
  }

  return {
    keySet: { keys: [{ ...jwk, kid, use: 'sig', alg: ALGORITHM }] },
    accessToken: (login) =>
      sign('at+jwt', TOKEN_LIFE_SECONDS, {
        ...login,
        aud: audience,
        client_id: clientId,
        jti: crypto.randomUUID(),
      }),
    idToken: (login) => sign('JWT', TOKEN_LIFE_SECONDS, { ...login, aud: clientId }),
    logoutToken: (login) =>
      sign('logout+jwt', LOGOUT_TOKEN_LIFE_SECONDS, {
        ...login,
        aud: clientId,
        jti: crypto.randomUUID(),
        events: { [logoutEvent]: {} },
      }),
    async loginOf(idToken) {
      try {
        const { payload, protectedHeader } = await compactVerify(idToken, publicKey)
        if (protectedHeader.typ !== 'JWT') return undefined
        const { sub, sid } = JSON.parse(new TextDecoder().decode(payload)) as Login
        return { sub, sid }
      } catch {
        return undefined
      }
    },
  }
}
