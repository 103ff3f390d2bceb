/** Metadata, how clients authenticate, and what they may do in their own name. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { metadataProblem } from '../../src/http/oauth-client.ts'
import { Browser, maria, useOAuth } from './relying-parties.ts'
import { basic } from './resource-world.ts'

const pair = await generateKeyPair('ES256', { extractable: true })
const publicKey: JWK = { ...(await exportJWK(pair.publicKey)), kid: 'one' }

const world = useOAuth(
  {},
  {
    shop: { scope: 'openid constructor' },
    news: { grant_types: ['client_credentials'], scope: 'read write' },
    app: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicKey] } },
  },
)

const wellKnown = ['oauth-authorization-server', 'openid-configuration'] as const

suite('metadata', () => {
  test('MD-01, MD-02, MD-03: both documents, the issuer as it is', async () => {
    for (const name of wellKnown) {
      const reply = await world.server.call('GET', `/.well-known/${name}`)
      assert.deepEqual([reply.status, reply.headers['content-type']], [200, 'application/json'])
      assert.equal(reply.json().issuer, world.server.url)
    }
  })

  test('MD-04, MD-05, MD-06: no empty lists, no endpoint that is not there', async () => {
    const found = (await world.server.call('GET', '/.well-known/openid-configuration')).json()
    for (const [name, value] of Object.entries<unknown>(found)) {
      if (Array.isArray(value)) assert.notEqual(value.length, 0, name)
      if (typeof value !== 'string' || name === 'issuer') continue
      const { status } = await world.server.call('GET', new URL(value).pathname)
      assert.notEqual(status, 404, name)
    }
    assert.ok(found.revocation_endpoint_auth_signing_alg_values_supported.length > 0)
    assert.equal(JSON.stringify(found).includes('"none"]'), true)
    assert.equal(found.code_challenge_methods_supported.join(), 'S256')
  })

  test('oauth4webapi takes both', async () => {
    const issuer = new URL(world.server.url)
    for (const algorithm of ['oauth2', 'oidc'] as const) {
      // oxlint-disable-next-line typescript/no-deprecated
      const options = { algorithm, [oauth.allowInsecureRequests]: true } as const
      const response = await oauth.discoveryRequest(issuer, options)
      const server = await oauth.processDiscoveryResponse(issuer, response)
      assert.equal(server.token_endpoint, `${world.server.url}/oauth2/token`)
    }
  })
})

/** An assertion as a client makes it, changed where a test wants it. */
function assertion(changes: Record<string, unknown> = {}, key = pair.privateKey): Promise<string> {
  const iat = Math.floor(Date.now() / 1000)
  const base = { iss: 'app', sub: 'app', aud: world.server.url, jti: crypto.randomUUID() }
  return new SignJWT({ ...base, iat, exp: iat + 60, ...changes })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .sign(key)
}

async function present(jwt: string, more: Record<string, string> = {}): Promise<string> {
  const reply = await world.server.call('POST', '/oauth2/token', {
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: 'unknown',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: jwt,
      ...more,
    }),
  })
  return `${String(reply.status)} ${reply.json().error}`
}

suite('pages of other origins', () => {
  const origin = 'https://app.example'
  const allowedAt = async (method: string, path: string) => {
    const reply = await world.server.call(method, path, { headers: { origin } })
    assert.equal(reply.headers['access-control-allow-credentials'], undefined)
    return reply.headers['access-control-allow-origin']
  }

  test('may call what programs call, never with cookies, and nothing that people see', async () => {
    const found = (await world.server.call('GET', `/.well-known/${wellKnown[0]}`)).json()
    const machine = ['token', 'pushed_authorization_request', 'device_authorization', 'userinfo']
    const paths = [
      ...machine.map((name) => new URL(found[`${name}_endpoint`]).pathname),
      ...wellKnown.map((name) => `/.well-known/${name}`),
      new URL(found.jwks_uri).pathname,
    ]
    for (const path of paths) assert.equal(await allowedAt('GET', path), '*', path)
    assert.equal(await allowedAt('OPTIONS', '/oauth2/token'), '*')
    const people = ['/oauth2/authorize', '/login', '/login/consent', '/device', '/oidc/logout']
    for (const path of people) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        assert.equal(await allowedAt(method, path), undefined, `${method} ${path}`)
      }
    }
  })
})

suite('pages of listed origins', () => {
  const strict = useOAuth({ oauth: { origins: ['https://app.example'] } })
  test('an installation names them', async () => {
    const allowedTo = async (origin: string) => {
      const reply = await strict.server.call('POST', '/oauth2/token', { headers: { origin } })
      return reply.headers['access-control-allow-origin']
    }
    assert.equal(await allowedTo('https://app.example'), 'https://app.example')
    assert.equal(await allowedTo('https://evil.example'), undefined)
  })
})

suite('private_key_jwt', () => {
  test('a good assertion is the client, once', async () => {
    const jwt = await assertion()
    assert.equal(await present(jwt), '400 invalid_grant')
    assert.equal(await present(jwt), '401 invalid_client')
    const toEndpoint = await assertion({ aud: `${world.server.url}/oauth2/token` })
    assert.equal(await present(toEndpoint), '400 invalid_grant')
  })

  test('another key, audience, subject, a long life, none, or a second way: refused', async () => {
    const stranger = await generateKeyPair('ES256')
    const now = Math.floor(Date.now() / 1000)
    for (const jwt of [
      await assertion({}, stranger.privateKey),
      await assertion({ aud: 'https://other.example' }),
      await assertion({ sub: 'shop' }),
      await assertion({ iss: 'shop', sub: 'shop' }),
      await assertion({ exp: now - 60 }),
      await assertion({ exp: now + 86_400 }),
      await assertion({ exp: undefined }),
      await assertion({ jti: undefined }),
      'eyJhbGciOiJub25lIn0.eyJpc3MiOiJhcHAiLCJzdWIiOiJhcHAifQ.',
      'not a jwt',
      // The client is looked for by a name that is not text.
      `e30.${Buffer.from('{"iss":{"of":"app"}}').toString('base64url')}.x`,
    ]) {
      assert.equal(await present(jwt), '401 invalid_client')
    }
    assert.equal(await present(await assertion(), { client_secret: 'x' }), '400 invalid_request')
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'app' })
    assert.equal((await world.server.call('POST', '/oauth2/token', { body })).status, 401)
  })
})

suite('client credentials', () => {
  test('a client acts for itself, with scopes that it may have and no refresh token', async () => {
    const news = await world.as('news')
    const tokens = await openid.clientCredentialsGrant(news, { scope: 'read' })
    assert.equal(tokens.refresh_token, undefined)
    const verdict = await world.server.core.verify(tokens.access_token)
    assert.ok(verdict.ok)
    assert.deepEqual([verdict.claims.sub, verdict.claims['scope']], ['client:news', 'read'])
    await assert.rejects(openid.clientCredentialsGrant(news, { scope: 'admin' }))
    await assert.rejects(openid.clientCredentialsGrant(await world.as('shop')))
    const { core } = world.server
    const end = { scope: 'client', key: 'news', reason: 'revoked_by_operator' } as const
    await core.revoke({ ...end, actor: 'operator:test', wait: true })
    assert.equal((await core.verify(tokens.access_token)).ok, false)
  })

  test('what a client has proved is good for as long as it is registered so', async () => {
    const { clients, hashSecret } = world.server.core
    // More often than there are nodes, so that each is asked.
    const ask = async (secret: string): Promise<string> => {
      const said = new Set<string>()
      for (let node = 0; node < 3; node++) {
        const reply = await world.server.call('POST', '/oauth2/token', {
          headers: basic('news', secret),
          body: new URLSearchParams({ grant_type: 'client_credentials' }),
        })
        said.add(reply.json().error ?? 'tokens')
      }
      return [...said].join()
    }
    const [first, second] = ['the secret of the news', 'its second secret']
    assert.equal(await ask(first), 'tokens')
    assert.equal(await ask(first), 'tokens')
    await clients.update('news', { secretHash: await hashSecret(second) })
    assert.equal(await ask(first), 'invalid_client')
    assert.equal(await ask(second), 'tokens')
    await clients.update('news', { status: 'disabled' })
    assert.equal(await ask(second), 'invalid_client')
    await clients.update('news', { status: 'active' })
    assert.equal(await ask(second), 'tokens')
    await clients.update('news', { attributes: { oauth: { grant_types: ['refresh_token'] } } })
    assert.equal(await ask(second), 'unauthorized_client')
    const oauth = { token_endpoint_auth_method: 'client_secret_post' }
    await clients.update('news', { attributes: { oauth } })
    assert.equal(await ask(second), 'invalid_client')
  })
})

suite('scopes of its own', () => {
  test('one that is called as what every object has is asked about like any', async () => {
    const browser = new Browser()
    const begun = await world.begin(await world.as('shop'), { scope: 'openid constructor' })
    const page = await browser.submit(await browser.open(begun.address), maria)
    assert.equal(page.status, 200)
    assert.match(page.text, /<li>Who you are<\/li>\s*<li>constructor<\/li>/)
  })
})

suite('registration', () => {
  const client = { dialect: 'oauth', id: 'x', key: 'x', secretHash: undefined }
  test('what is not understood is refused', () => {
    const problem = (oauthMetadata: object, more = {}) =>
      Object.entries(
        metadataProblem({ ...client, attributes: { oauth: oauthMetadata as never }, ...more }) ??
          {},
      )
        .map(([at, detail]) => `${at} ${detail}`)
        .join()
    assert.equal(problem({}), '')
    assert.match(problem({ grant_type: [] }), /^attributes\/oauth\/grant_type /)
    assert.match(problem({ grant_types: ['password'] }), /grant_types/)
    assert.match(problem({ token_endpoint_auth_method: 'private_key_jwt' }), /jwks/)
    assert.match(problem({ token_endpoint_auth_method: 'client_secret_post' }), /secret/)
    assert.match(
      problem({ jwks: { keys: [{ kty: 'oct', k: 'AA' }] } }),
      /jwks\/keys\/0 must be a public JWK, of RSA with 2048 bits or more$/,
    )
    const { publicKey: short } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const keys = [short.export({ format: 'jwk' })]
    assert.match(problem({ jwks: { keys } }), /2048/)
    for (const uri of [
      '/a',
      'https://a.example/✓',
      'https://a.example/\n',
      'javascript:alert(1)',
    ]) {
      assert.match(problem({ post_logout_redirect_uris: [uri] }), /post_logout/, uri)
    }
    assert.equal(problem({ post_logout_redirect_uris: ['com.example.app:/out'] }), '')
    assert.match(problem({ backchannel_logout_uri: 'https://a.example/#b' }), /backchannel/)
    assert.match(problem({ backchannel_logout_uri: 'http://a.example/' }), /https/)
    assert.match(problem({ grant_types: ['client_credentials'] }), /authenticate/)
    assert.match(problem({}, { key: 'y' }), /id must be the key/)
    assert.equal(problem({ nonsense: 1 }, { dialect: 'octopus' }), '')
  })
})
