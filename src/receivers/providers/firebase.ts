/**
 * Firebase: what `revokeRefreshTokens` of its Admin SDK sends
 * (firebase.google.com/docs/auth/admin/manage-sessions, and `src/auth/auth-api-request.ts` of
 * firebase-admin-node). A service account calls that has the role _Firebase Authentication Admin_,
 * as developers.google.com/identity/protocols/oauth2/service-account says.
 *
 * - A subject: `POST /v1/projects/{project}/accounts:update` with `localId` and `validSince`, the
 *   second of the logout here: so a call that arrives late ends no later login. 200.
 *
 * 400 with `USER_NOT_FOUND` in `error.message` where there is no such person.
 */
import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { checkedText, httpUrl, text } from '../../settings/schema.ts'
import { bare, inPath, objectIn, told, withClientToken, type Product } from './product.ts'

export interface FirebaseSettings {
  readonly kind: 'firebase'
  readonly clientEmail: string
  /** PEM. */
  readonly privateKey: string
  readonly tokenUrl: string
  readonly apiUrl: string
}

const ASSERTION_LIFE_SECONDS = 600

export const firebase: Product<FirebaseSettings> = {
  scopes: ['subject'],
  options: {
    clientEmail: text({}),
    privateKey: checkedText({ secret: true, allowed: 'an RSA private key in PEM' }, isRsaKey),
    tokenUrl: httpUrl({ default: 'https://oauth2.googleapis.com/token' }),
    apiUrl: httpUrl({ default: 'https://identitytoolkit.googleapis.com' }),
  },
  title: 'Firebase',
  api: ({ apiUrl }) => bare(apiUrl),
  connect({ clientEmail, privateKey, tokenUrl }, world) {
    const project = bare(world.issuer).split('/').at(-1) ?? ''
    const key = createPrivateKey(privateKey)
    const call = withClientToken(world, {
      url: tokenUrl,
      async form() {
        const nowSeconds = Math.floor(world.nowMs() / 1000)
        const assertion = await new SignJWT({
          scope: 'https://www.googleapis.com/auth/identitytoolkit',
        })
          .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
          .setIssuer(clientEmail)
          .setAudience(tokenUrl)
          .setIssuedAt(nowSeconds)
          .setExpirationTime(nowSeconds + ASSERTION_LIFE_SECONDS)
          .sign(key)
        return { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }
      },
    })
    const url = `${world.api}/v1/projects/${inPath(project)}/accounts:update`
    return async ({ key: localId, atMs }, signal) => {
      const body = JSON.stringify({ localId, validSince: String(Math.floor(atMs / 1000)) })
      const headers = { 'content-type': 'application/json' }
      const answer = await call({ method: 'POST', url, headers, body }, signal)
      return told(answer, world.nowMs(), (given) => {
        const { error } = objectIn(given) as { readonly error?: { readonly message?: unknown } }
        return error?.message === 'USER_NOT_FOUND'
      })
    }
  },
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa'
  } catch {
    return false
  }
}
