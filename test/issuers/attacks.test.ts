/** Tokens that must not be taken, and ends that must not reach further than they say. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { startIssuer, type TestIssuer } from './test-issuer.ts'
import { endAt, wordOf } from './world.ts'

const GOOD_WITHIN_MS = 120_000

type Claims = Readonly<Record<string, unknown>>

suite('two issuers with the same names', () => {
  let one: TestIssuer
  let two: TestIssuer
  let server: TestServer
  let guard: Guard

  before(async () => {
    one = await startIssuer()
    two = await startIssuer()
    const settings = { profile: 'keycloak', audience: ['orders'], clockSkewMs: 0 } as const
    server = await startTestServer({
      publicUrlIsOwn: true,
      oneNode: true,
      config: {
        issuers: [
          { name: 'one', issuer: one.url, ...settings, logoutClients: ['outright'] },
          { name: 'two', issuer: two.url, ...settings, logoutClients: ['outright'] },
        ],
      },
    })
    guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
    await guard.ready()
  })
  after(async () => {
    guard.close()
    await server.close()
    await one.close()
    await two.close()
  })

  const shape = { jti: 'j', aud: 'orders', sub: 'maria', typ: 'Bearer', azp: 'web', sid: 's' }
  const access = (issuer: TestIssuer, claims: Claims = {}): Promise<string> =>
    issuer.sign({ ...shape, iat: Math.floor(Date.now() / 1000) - 5, ...claims }, { typ: 'JWT' })

  const word = (token: string): Promise<string> => wordOf(server, guard, token)
  const end = (body: object): Promise<void> => endAt(server, body)

  test('one that is signed by the other’s key is refused, with the same key id', async () => {
    assert.equal(await word(await access(one)), 'ok')
    assert.equal(await word(await access(two)), 'ok')
    assert.equal(await word(await access(two, { iss: one.url })), 'invalid')
  })

  test('an issuer is its iss to the character, and no list of them', async () => {
    for (const iss of [
      `${one.url}/`,
      one.url.toUpperCase(),
      'https://x.example',
      '',
      7,
      [one.url],
    ]) {
      assert.equal(await word(await access(one, { iss })), 'invalid', JSON.stringify(iss))
    }
  })

  test('a token that says to be of this server is judged by its keys alone', async () => {
    const kid = 'key-1'
    const own = {
      iss: server.url,
      gen: {},
      client_id: 'web',
      aud: ['orders'],
      device_id: undefined,
    }
    assert.equal(
      await word(await one.sign({ ...shape, ...own }, { typ: 'at+jwt', kid })),
      'invalid',
    )
  })

  test('ends of the same names at one issuer leave the other’s alone', async () => {
    for (const [scope, key, names] of [
      ['token', 'jx', { jti: 'jx' }],
      ['session', 'sx', { sid: 'sx' }],
      ['subject', 'ux', { sub: 'ux' }],
      ['client', 'cx', { azp: 'cx' }],
      ['grant', 'cy uy', { azp: 'cy', sub: 'uy' }],
    ] as const) {
      const tokens = [await access(one, names), await access(two, names)] as const
      await end({ issuer: 'one', scope, key })
      assert.deepEqual([await word(tokens[0]), await word(tokens[1])], ['revoked', 'ok'], scope)
    }
  })

  test('a logout token of one issuer is none at the other’s address', async () => {
    const token = await access(two, { sid: 'mixed' })
    for (const logout of [
      await one.logoutToken({ sid: 'mixed' }),
      await one.logoutToken({ sid: 'mixed', iss: two.url }),
    ]) {
      const reply = await server.call('POST', '/outright/v1/issuers/two/backchannel-logout', {
        body: new URLSearchParams({ logout_token: logout }),
      })
      assert.equal(reply.status, 400)
    }
    assert.equal(await word(token), 'ok')
  })

  test('an issuer cannot end what this server has issued by choosing its ids', async () => {
    const basic = Buffer.from('maria:maria-demo').toString('base64')
    const login = await server.call('POST', '/directlink/v1/auth/login', {
      headers: { authorization: `Basic ${basic}` },
    })
    const own = login.json().bearer as string
    const { sid, jti, sub } = JSON.parse(
      Buffer.from(own.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, string>
    const logouts = [await one.logoutToken({ sid }), await one.logoutToken({ sid: jti })]
    logouts.push(await one.logoutToken({ sub }))
    for (const logout of logouts) {
      const reply = await server.call('POST', '/outright/v1/issuers/one/backchannel-logout', {
        body: new URLSearchParams({ logout_token: logout }),
      })
      assert.equal(reply.status, 200)
    }
    assert.equal(await word(own), 'ok')
  })

  test('no token of another issuer opens a dialect, whatever its audience', async () => {
    for (const aud of ['directlink', 'octopus', 'matar', 'baanx', ['orders', 'directlink']]) {
      const token = await access(one, { aud })
      const reply = await server.call('GET', '/directlink/v1/download/list', {
        headers: { authorization: `Bearer ${token}` },
      })
      assert.equal(reply.status, 401)
    }
  })

  test('algorithms: none, and symmetric ones with the public key as the secret', async () => {
    const [, payload = ''] = (await access(one)).split('.')
    const jwks = (await (await fetch(`${one.url}/jwks`)).json()) as { keys: { n: string }[] }
    const secrets = [JSON.stringify(jwks.keys[0]), jwks.keys[0]?.n ?? '', '']
    const head = (alg: string): string =>
      Buffer.from(JSON.stringify({ alg, typ: 'JWT', kid: 'key-1' })).toString('base64url')
    for (const alg of ['none', 'None', 'nOnE', '']) {
      assert.equal(await word(`${head(alg)}.${payload}.`), 'invalid')
    }
    for (const secret of secrets) {
      const text = `${head('HS256')}.${payload}`
      const signature = createHmac('sha256', secret).update(text).digest('base64url')
      assert.equal(await word(`${text}.${signature}`), 'invalid')
    }
  })

  test('a key that the token brings with it is not looked at', async () => {
    const evil = await startIssuer()
    const jwks = (await (await fetch(`${evil.url}/jwks`)).json()) as { keys: object[] }
    for (const header of [
      { jku: `${evil.url}/jwks` },
      { x5u: `${evil.url}/jwks` },
      { jwk: jwks.keys[0] as never },
    ]) {
      const before = evil.keyFetches()
      const token = await evil.sign({ ...shape, iss: one.url }, { typ: 'JWT', ...header })
      assert.equal(await word(token), 'invalid', JSON.stringify(Object.keys(header)))
      assert.equal(evil.keyFetches(), before)
    }
    await evil.close()
  })

  test('other tokens of the issuer are not access tokens', async () => {
    for (const [claims, header] of [
      [{ typ: 'ID', nonce: 'n' }, {}],
      [{ typ: 'Refresh' }, {}],
      [{ typ: undefined }, {}],
      [{ at_hash: 'x' }, {}],
      [{ cnf: { jkt: 'x' } }, {}],
      [{ aud: 'other' }, {}],
      [{ aud: undefined }, {}],
      [{ sub: undefined }, {}],
      [{ sub: 7 }, {}],
      [{ azp: 'a b' }, {}],
      [{ exp: undefined }, {}],
      [{ exp: Math.floor(Date.now() / 1000) + 10 * 86_400 }, {}],
      [{ iat: undefined }, {}],
      [{ iat: Math.floor(Date.now() / 1000) + 3600 }, {}],
      [{}, { typ: 'logout+jwt' }],
      [{}, { kid: undefined as unknown as string }],
    ] as const) {
      const header0 = { typ: 'JWT', ...header }
      const token = await one.sign({ ...shape, ...claims }, header0)
      assert.equal(await word(token), 'invalid', JSON.stringify([claims, header]))
    }
    assert.equal(await word(await access(one, { exp: 1, iat: 1 })), 'expired')
  })

  test('a guard takes the issuers that its option names', async () => {
    const token = await access(one, { sub: 'zoe' })
    assert.equal(await word(token), 'ok')
    for (const [issuers, expected] of [
      [[], false],
      [['two'], false],
      [['one'], true],
      [[one.url], true],
    ] as const) {
      const narrow = createGuard({
        server: server.url,
        credential: 'outright-demo-guard',
        issuers: [...issuers],
      })
      await narrow.ready()
      assert.equal((await narrow.check(token)).ok, expected, JSON.stringify(issuers))
      narrow.close()
    }
  })

  test('the document of issuers is for guards alone', async () => {
    const path = '/outright/v1/issuers'
    assert.equal((await server.call('GET', path)).status, 401)
    const wrong = { authorization: 'Bearer somebody' }
    assert.equal((await server.call('GET', path, { headers: wrong })).status, 401)
    const right = { authorization: 'Bearer outright-demo-guard' }
    const reply = await server.call('GET', path, { headers: right })
    assert.equal(reply.status, 200)
    assert.equal(reply.json().issuers.length, 2)
    assert.ok(!/"d":|"x5c"/.test(reply.text))
  })
})

suite('keys that cannot be had', () => {
  test('tokens are neither accepted nor called bad, and are good when the keys come', async () => {
    const idp = await startIssuer()
    const server = await startTestServer({
      publicUrlIsOwn: true,
      oneNode: true,
      config: {
        issuers: [{ name: 'idp', issuer: idp.url, profile: 'generic', audience: ['orders'] }],
      },
    })
    idp.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ keys: Array(1000).fill({ kty: 'RSA' }) }))
    }
    const guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
    await guard.ready()
    const claims = { jti: 'j', aud: 'orders', sub: 'maria', client_id: 'web' }
    const token = await idp.sign(claims, { typ: 'at+jwt' })
    assert.deepEqual(await guard.check(token), { ok: false, reason: 'stale' })
    idp.answer = undefined
    // Both pause between two questions.
    const deadline = performance.now() + GOOD_WITHIN_MS
    while (!(await guard.check(token)).ok) {
      assert.ok(performance.now() < deadline, 'it stays without keys')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    guard.close()
    await server.close()
    await idp.close()
  })
})
