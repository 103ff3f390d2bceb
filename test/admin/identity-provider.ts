/** An identity provider of operators that says what a test wants, and a browser that goes there. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { leadsTo } from '../issuers/browser.ts'
import { startIssuer, type TestIssuer } from '../issuers/test-issuer.ts'
import type { Reply, TestServer } from '../harness.ts'

type Claims = Readonly<Record<string, unknown>>

export const CLIENT_SECRET = 'the secret of the console'

export interface IdentityProvider extends TestIssuer {
  /** What the next ID tokens say beside `iss`, `aud`, `nonce` and times; undefined leaves out. */
  claims: Claims
  /** What the userinfo endpoint says beside the same `sub`. */
  userinfo: Claims
  /** Makes the ID token in place of the provider. */
  idToken: ((claims: Claims) => Promise<string>) | undefined
}

/** Starts one. It asks for no password: {@link goThrough} is the way through its pages. */
export async function startIdentityProvider(): Promise<IdentityProvider> {
  const issuer = await startIssuer()
  const provider: IdentityProvider = Object.assign(issuer, {
    claims: {},
    userinfo: {},
    idToken: undefined,
  })
  Object.assign(issuer.metadata, {
    authorization_endpoint: `${issuer.url}/authorize`,
    token_endpoint: `${issuer.url}/token`,
    userinfo_endpoint: `${issuer.url}/userinfo`,
    id_token_signing_alg_values_supported: ['RS256'],
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ['S256'],
  })
  issuer.endpoints.set('/token', async ({ headers }, body) => {
    const form = new URLSearchParams(body)
    const code = form.get('code') ?? ''
    const begun = codes.get(code)
    codes.delete(code)
    const credentials = Buffer.from(`outright:${CLIENT_SECRET.replaceAll(' ', '+')}`)
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '')
    if (
      headers.authorization !== `Basic ${credentials.toString('base64')}` ||
      begun?.get('redirect_uri') !== form.get('redirect_uri') ||
      begun?.get('code_challenge') !== challenge.digest('base64url')
    ) {
      return undefined
    }
    const claims = { aud: 'outright', nonce: begun.get('nonce'), ...provider.claims }
    return {
      access_token: 'an access token',
      token_type: 'Bearer',
      id_token: await (provider.idToken?.(claims) ?? issuer.sign(claims)),
    }
  })
  issuer.endpoints.set('/userinfo', ({ headers }) =>
    Promise.resolve(
      headers.authorization === 'Bearer an access token'
        ? { sub: provider.claims['sub'], ...provider.userinfo }
        : undefined,
    ),
  )
  return provider
}

/** Codes that were not redeemed, each with the request that it answers. */
const codes = new Map<string, URLSearchParams>()

/** A browser that was sent to the provider. */
export interface Away {
  /** As `Cookie`. */
  readonly cookie: string
  /** What the provider was asked. */
  readonly asked: URLSearchParams
}

export async function begin(server: TestServer, query = ''): Promise<Away> {
  const reply = await server.call('GET', `/console/sign-in/start${query}`)
  assert.equal(reply.status, 303, reply.text)
  const { searchParams: asked } = new URL(reply.headers['location'] ?? '')
  const [cookie = ''] = (reply.headers['set-cookie'] ?? '').split(';', 1)
  assert.match(cookie, /^outright-sign-on=./)
  return { cookie, asked }
}

/** What the provider sends the browser back with. */
export function answerOf(provider: IdentityProvider, { asked }: Away): URLSearchParams {
  const code = crypto.randomUUID()
  codes.set(code, asked)
  return new URLSearchParams({ code, state: asked.get('state') ?? '', iss: provider.url })
}

/**
 * Back to this server as a browser comes: from another site without `Strict` cookies, and from the
 * page that answers with them.
 *
 * @param strict As `Cookie`; default: the browser has none.
 */
export async function comeBack(
  server: TestServer,
  cookie: string,
  answer: URLSearchParams,
  strict?: string,
): Promise<Reply> {
  const reply = await server.call('GET', `/console/sign-in/callback?${answer.toString()}`, {
    headers: { cookie, 'sec-fetch-site': 'cross-site' },
  })
  const again = leadsTo(reply.text)
  if (again === undefined) return reply
  assert.equal(reply.headers['set-cookie'], undefined)
  assert.equal(reply.headers['referrer-policy'], 'no-referrer')
  return server.call('GET', again, {
    headers: {
      cookie: strict === undefined ? cookie : `${cookie}; ${strict}`,
      'sec-fetch-site': 'same-origin',
    },
  })
}

/** All of it. */
export async function goThrough(server: TestServer, provider: IdentityProvider): Promise<Reply> {
  const away = await begin(server)
  return comeBack(server, away.cookie, answerOf(provider, away))
}

/** The cookie of an operator that a sign-in ended with. */
export function signedInCookie(reply: Reply): string {
  assert.equal(reply.status, 303, reply.text)
  const found = /(?:^|, ?|\n)(outright-operator=[^;]+)/.exec(reply.headers['set-cookie'] ?? '')
  return found?.[1] ?? assert.fail(reply.headers['location'])
}

/** No operator was signed in; the page that says why. */
export async function refusedWith(
  server: TestServer,
  reply: Reply,
  problem: string,
): Promise<string> {
  assert.equal(reply.status, 303, reply.text)
  assert.ok(!(reply.headers['set-cookie'] ?? '').includes('outright-operator='))
  const location = reply.headers['location'] ?? ''
  assert.equal(new URLSearchParams(location.split('?')[1]).get('problem'), problem, location)
  const page = await server.call('GET', location)
  assert.equal(page.status, 200)
  const said = /role="alert">([^<]+)</.exec(page.text)?.[1]
  return said ?? assert.fail('the page says nothing')
}
