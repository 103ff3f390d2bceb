/**
 * The products' servers, each as its documents show it: what it takes, and what it answers. The
 * source of each is named in the product's file of `src/receivers/providers`.
 */
import assert from 'node:assert/strict'
import { createHash, createHmac, generateKeyPairSync } from 'node:crypto'
import { importSPKI, jwtVerify } from 'jose'
import type { Scope } from '../../../src/domain/scope.ts'
import type { ProviderSettings } from '../../../src/receivers/providers/index.ts'
import type { Heard, Said } from './server.ts'

export interface ProductCase {
  /** `iss`, from where the server listens. */
  issuer(url: string): string
  settings(url: string): ProviderSettings
  answer(heard: Heard, url: string): Said | undefined | Promise<Said | undefined>
  /** What ends here, and the calls that it comes to. */
  readonly calls: readonly {
    readonly scope: Scope
    readonly key: string
    readonly expected: readonly string[]
  }[]
  /** The first calls of a person that the provider does not know. */
  readonly unknown: Said
  /** What fetches a token; undefined where an administrator has made it. */
  readonly tokenCall?: string
}

const nothing: Said = { status: 204 }
const notFound: Said = { status: 404, body: { error: 'User not found' } }

function isForm({ headers, body }: Heard, expected: Readonly<Record<string, string>>): boolean {
  const form = Object.fromEntries(new URLSearchParams(body))
  return (
    headers['content-type'] === 'application/x-www-form-urlencoded' &&
    Object.entries(expected).every(([name, value]) => form[name] === value)
  )
}

let issued = 0

/** Of a client-credentials token: each another, good for an hour. */
function token(): Said {
  return {
    status: 200,
    body: { access_token: `at-${String(++issued)}`, token_type: 'Bearer', expires_in: 3600 },
  }
}

function bears({ headers }: Heard): boolean {
  return headers['authorization'] === `Bearer at-${String(issued)}`
}

function knows({ headers }: Heard, authorization: string): boolean {
  return headers['authorization'] === authorization
}

const credentials = { clientId: 'outright', clientSecret: 's3cret' }

const keycloak: ProductCase = {
  issuer: (url) => `${url}/realms/shop`,
  settings: () => ({ kind: 'keycloak', ...credentials }),
  answer(heard) {
    const { method, path } = heard
    if (method === 'POST' && path === '/realms/shop/protocol/openid-connect/token') {
      const grant = { grant_type: 'client_credentials', client_id: 'outright' }
      return isForm(heard, { ...grant, client_secret: 's3cret' }) ? token() : { status: 401 }
    }
    if (!bears(heard)) return { status: 401 }
    if (method === 'POST' && /^\/admin\/realms\/shop\/users\/[^/]+\/logout$/.test(path)) {
      return nothing
    }
    if (method === 'DELETE' && /^\/admin\/realms\/shop\/sessions\/[^/]+$/.test(path)) return nothing
    if (method === 'POST' && path === '/admin/realms/shop/logout-all') return { status: 200 }
    return undefined
  },
  calls: [
    { scope: 'subject', key: '8f-2d', expected: ['POST /admin/realms/shop/users/8f-2d/logout'] },
    { scope: 'session', key: 's/1', expected: ['DELETE /admin/realms/shop/sessions/s%2F1'] },
    { scope: 'everyone', key: '*', expected: ['POST /admin/realms/shop/logout-all'] },
  ],
  unknown: notFound,
  tokenCall: 'POST /realms/shop/protocol/openid-connect/token',
}

const auth0: ProductCase = {
  issuer: (url) => `${url}/`,
  settings: () => ({ kind: 'auth0', ...credentials }),
  answer(heard, url) {
    const { method, path } = heard
    if (method === 'POST' && path === '/oauth/token') {
      const grant = { grant_type: 'client_credentials', client_id: 'outright' }
      const api = { client_secret: 's3cret', audience: `${url}/api/v2/` }
      return isForm(heard, { ...grant, ...api }) ? token() : { status: 401 }
    }
    if (!bears(heard)) return { status: 401, body: { error: 'Unauthorized' } }
    return method === 'DELETE' &&
      /^\/api\/v2\/users\/[^/]+\/(?:sessions|refresh-tokens)$/.test(path)
      ? { status: 202 }
      : undefined
  },
  calls: [
    {
      scope: 'subject',
      key: 'auth0|5f',
      expected: [
        'DELETE /api/v2/users/auth0%7C5f/refresh-tokens',
        'DELETE /api/v2/users/auth0%7C5f/sessions',
      ],
    },
  ],
  unknown: notFound,
  tokenCall: 'POST /oauth/token',
}

const okta: ProductCase = {
  issuer: (url) => `${url}/oauth2/default`,
  settings: () => ({ kind: 'okta', apiToken: '00Qc' }),
  answer(heard) {
    const { method, path } = heard
    if (!knows(heard, 'SSWS 00Qc')) return { status: 401, body: { errorCode: 'E0000011' } }
    const call = /^\/api\/v1\/users\/[^/]+\/sessions\?oauthTokens=true$/
    return method === 'DELETE' && call.test(path) ? nothing : undefined
  },
  calls: [
    {
      scope: 'subject',
      key: '00ub0oNG',
      expected: ['DELETE /api/v1/users/00ub0oNG/sessions?oauthTokens=true'],
    },
  ],
  unknown: { status: 404, body: { errorCode: 'E0000007' } },
}

const entra: ProductCase = {
  issuer: (url) => `${url}/72f9/v2.0`,
  settings: (url) => ({ kind: 'entra', ...credentials, loginUrl: url, graphUrl: url }),
  answer(heard, url) {
    const { method, path } = heard
    if (method === 'POST' && path === '/72f9/oauth2/v2.0/token') {
      const grant = { grant_type: 'client_credentials', client_id: 'outright' }
      const api = { client_secret: 's3cret', scope: `${url}/.default` }
      return isForm(heard, { ...grant, ...api }) ? token() : { status: 401 }
    }
    if (!bears(heard))
      return { status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } }
    return method === 'POST' && /^\/v1\.0\/users\/[^/]+\/revokeSignInSessions$/.test(path)
      ? { status: 200, body: { value: true } }
      : undefined
  },
  calls: [
    { scope: 'subject', key: '87d3', expected: ['POST /v1.0/users/87d3/revokeSignInSessions'] },
  ],
  unknown: { status: 404, body: { error: { code: 'Request_ResourceNotFound' } } },
  tokenCall: 'POST /72f9/oauth2/v2.0/token',
}

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

/** Signature Version 4, by the steps of "Create a signed AWS API request". */
function signatureOf({ headers, body }: Heard, signedNames: string, region: string): string {
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest()
  const at = headers['x-amz-date'] ?? ''
  const lines = signedNames.split(';').map((name) => `${name}:${headers[name] ?? ''}\n`)
  const canonical = ['POST', '/', '', lines.join(''), signedNames, sha256(body)].join('\n')
  const scope = `${at.slice(0, 8)}/${region}/cognito-idp/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', at, scope, sha256(canonical)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  return hmac(key, toSign).toString('hex')
}

const cognito: ProductCase = {
  issuer: (url) => `${url}/eu-west-1_Ab12`,
  settings: () => ({
    kind: 'cognito',
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey,
    region: 'eu-west-1',
  }),
  answer(heard) {
    const { method, path, headers, body } = heard
    const parts =
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/cognito-idp\/aws4_request, SignedHeaders=([\w;-]+), Signature=([\da-f]{64})$/.exec(
        headers['authorization'] ?? '',
      )
    const [, names = '', signature] = parts ?? []
    if (!names.includes('x-amz-target') || signatureOf(heard, names, 'eu-west-1') !== signature) {
      return { status: 400, body: { __type: 'InvalidSignatureException' } }
    }
    if (method !== 'POST' || path !== '/') return undefined
    assert.equal(headers['content-type'], 'application/x-amz-json-1.1')
    const operation = 'AWSCognitoIdentityProviderService.AdminUserGlobalSignOut'
    assert.equal(headers['x-amz-target'], operation)
    assert.deepEqual(JSON.parse(body), { UserPoolId: 'eu-west-1_Ab12', Username: 'aaaa-bbbb' })
    return { status: 200, body: {} }
  },
  calls: [{ scope: 'subject', key: 'aaaa-bbbb', expected: ['POST /'] }],
  unknown: { status: 400, body: { __type: 'UserNotFoundException' } },
}

const zitadel: ProductCase = {
  issuer: (url) => url,
  settings: () => ({ kind: 'zitadel', accessToken: 'pat' }),
  answer(heard) {
    const { method, path, headers, body } = heard
    if (!knows(heard, 'Bearer pat')) return { status: 401 }
    if (headers['content-type'] !== 'application/json') return { status: 415 }
    if (method === 'POST' && path === '/v2/sessions/search') {
      const { queries } = JSON.parse(body) as { readonly queries: unknown }
      assert.deepEqual(queries, [{ userIdQuery: { id: '163840' } }])
      const sessions = [{ id: '218480' }, { id: '218481' }]
      return { status: 200, body: { details: { totalResult: '2' }, sessions } }
    }
    return method === 'DELETE' && /^\/v2\/sessions\/\d+$/.test(path)
      ? { status: 200, body: { details: { sequence: '2' } } }
      : undefined
  },
  calls: [
    {
      scope: 'subject',
      key: '163840',
      expected: [
        'POST /v2/sessions/search',
        'DELETE /v2/sessions/218480',
        'DELETE /v2/sessions/218481',
      ],
    },
  ],
  unknown: { status: 200, body: { details: { totalResult: '0' } } },
}

const authentik: ProductCase = {
  issuer: (url) => `${url}/application/o/shop/`,
  settings: () => ({ kind: 'authentik', apiToken: 'ak', subjectMode: 'user_uuid' }),
  answer(heard) {
    const { method, path } = heard
    if (!knows(heard, 'Bearer ak')) return { status: 403, body: { detail: 'Token invalid' } }
    if (method === 'DELETE') {
      return /^\/api\/v3\/(?:oauth2\/refresh_tokens\/\d+|core\/authenticated_sessions\/[\w-]+)\/$/.test(
        path,
      )
        ? nothing
        : undefined
    }
    const results: Readonly<Record<string, readonly unknown[]>> = {
      '/api/v3/core/users/?uuid=3b-4f': [{ pk: 7, username: 'm@ria' }],
      '/api/v3/oauth2/refresh_tokens/?user=7&page_size=100': [{ pk: 31 }],
      '/api/v3/core/authenticated_sessions/?user__username=m%40ria&page_size=100': [
        { uuid: 'a1-b2' },
      ],
    }
    const found = results[path]
    return found && { status: 200, body: { pagination: { next: 0 }, results: found } }
  },
  calls: [
    {
      scope: 'subject',
      key: '3b-4f',
      expected: [
        'GET /api/v3/core/users/?uuid=3b-4f',
        'GET /api/v3/oauth2/refresh_tokens/?user=7&page_size=100',
        'DELETE /api/v3/oauth2/refresh_tokens/31/',
        'GET /api/v3/core/authenticated_sessions/?user__username=m%40ria&page_size=100',
        'DELETE /api/v3/core/authenticated_sessions/a1-b2/',
      ],
    },
  ],
  unknown: { status: 200, body: { pagination: { next: 0 }, results: [] } },
}

const account = generateKeyPairSync('rsa', { modulusLength: 2048 })
const clientEmail = 'outright@shop.iam.gserviceaccount.com'

const firebase: ProductCase = {
  issuer: () => 'https://securetoken.google.com/shop',
  settings: (url) => ({
    kind: 'firebase',
    clientEmail,
    privateKey: account.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    tokenUrl: `${url}/token`,
    apiUrl: url,
  }),
  async answer(heard, url) {
    const { method, path, body } = heard
    if (method === 'POST' && path === '/token') {
      const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
      if (!isForm(heard, { grant_type })) return { status: 400, body: { error: 'invalid_grant' } }
      const assertion = new URLSearchParams(body).get('assertion') ?? ''
      const pem = account.publicKey.export({ type: 'spki', format: 'pem' }) as string
      const { payload } = await jwtVerify(assertion, await importSPKI(pem, 'RS256'), {
        issuer: clientEmail,
        audience: `${url}/token`,
        currentDate: new Date(1_700_000_000_000),
      })
      assert.equal(payload['scope'], 'https://www.googleapis.com/auth/identitytoolkit')
      return token()
    }
    if (!bears(heard)) return { status: 401, body: { error: { status: 'UNAUTHENTICATED' } } }
    if (method !== 'POST' || path !== '/v1/projects/shop/accounts:update') return undefined
    assert.deepEqual(JSON.parse(body), { localId: 'u1', validSince: '1700000000' })
    return { status: 200, body: { localId: 'u1' } }
  },
  calls: [{ scope: 'subject', key: 'u1', expected: ['POST /v1/projects/shop/accounts:update'] }],
  unknown: { status: 400, body: { error: { code: 400, message: 'USER_NOT_FOUND' } } },
  tokenCall: 'POST /token',
}

export const productCases: Readonly<Record<ProviderSettings['kind'], ProductCase>> = {
  keycloak,
  auth0,
  okta,
  entra,
  cognito,
  zitadel,
  authentik,
  firebase,
}
