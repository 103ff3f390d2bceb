/**
 * Invariant 7: who logs out again, because the first answer has not come, is answered when it is
 * over and not before. Here the first logout is stored and a guard has not heard of it; then the
 * same is ended again, in every dialect and along every way that answers "done" or "already
 * ended".
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { grantKey } from '../../src/domain/scope.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTcpProxy, type TcpProxy } from '../../src/testing/tcp-proxy.ts'
import { deviceCall, logIn, logOut } from '../dialects/adobe-pass-kit.ts'
import * as baanx from '../dialects/baanx-calls.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

/** Calls that the server answers meanwhile, where another is to be seen waiting. */
const MEANWHILE = 5
const atOnce = { prefer: 'respond-async' }
const admin = { authorization: 'Bearer outright-demo-admin' }
const maria = { authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}` }

let server: TestServer
let network: TcpProxy
let guard: Guard

before(async () => {
  server = await startTestServer({ config: { rateLimitFactor: 1000 } })
  network = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(server.url).port) })
  guard = createGuard({
    server: `http://${network.host}:${String(network.port)}`,
    credential: 'outright-demo-guard',
    name: 'far away',
  })
  await guard.ready()
})

after(async () => {
  guard.close()
  await network.close()
  await server.close()
})

/** What is to be logged out, and two calls that do so. */
interface Case {
  /** Tokens that the guard accepts until it hears of the first call. */
  readonly token: string
  /** Sent with `Prefer: respond-async`: stored, and not waited for. */
  readonly first: (headers: Record<string, string>) => Promise<Reply>
  readonly again: () => Promise<Reply>
}

/** Tries a case, and returns the second answer. */
async function tryOut({ token, first, again }: Case): Promise<Reply> {
  assert.equal((await guard.check(token)).ok, true)
  network.freeze()
  const stored = await first(atOnce)
  assert.ok(stored.status < 300, stored.text)
  const second = await answerOnceThawed(again())
  assert.deepEqual(await guard.check(token), { ok: false, reason: 'revoked' }, second.text)
  // The receipt of what did end it, not of something older.
  assert.equal(second.headers['outright-revocation'], stored.headers['outright-revocation'])
  assert.match(second.headers['outright-confirmed'] ?? '', /^2\/2;lapsed=0;ms=\d+$/)
  return second
}

/** Lets the guard hear of the first call when the second one has been seen to wait for that. */
async function answerOnceThawed(asked: Promise<Reply>): Promise<Reply> {
  let early: Reply | undefined
  const answered = asked.then((reply) => (early = reply))
  for (let count = 0; count < MEANWHILE; count++) await server.call('GET', '/healthz')
  assert.equal(early, undefined, `answered too early: ${String(early?.text)}`)
  network.thaw()
  return answered
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function revocation(scope: string, key: string, headers = {}): Promise<Reply> {
  return server.call('POST', '/outright/v1/revocations', {
    headers: { ...admin, ...headers },
    body: scope === 'everyone' ? { scope } : { scope, key },
  })
}

async function directLink(): Promise<string> {
  const reply = await server.call('POST', '/directlink/v1/auth/login', { headers: maria })
  return reply.json().bearer
}

function directLinkLogout(headers: Record<string, string>): Promise<Reply> {
  return server.call('POST', '/directlink/v1/auth/logout', { headers })
}

async function matar(): Promise<string> {
  const who = { phone_number: '919999900001', name: 'Sri' }
  const call = (body: object) => server.call('POST', '/api/v1/login', { body })
  await call({ ...who, action: 'send_otp' })
  const otp = server.otps.at(-1)?.code ?? ''
  return (await call({ ...who, action: 'submit_otp', otp })).json().access_token
}

function matarLogout(token: string, headers = {}): Promise<Reply> {
  return server.call('POST', '/api/v1/logout', { headers: { ...bearer(token), ...headers } })
}

async function octopus(): Promise<string> {
  const body = { username: 'octopus-demo-key', password: 'octopus-demo-secret' }
  return (await server.call('POST', '/auth/login', { body })).json().data.access_token
}

function octopusLogout(token: string, headers = {}): Promise<Reply> {
  return server.call('POST', '/auth/logout', { headers: { ...bearer(token), ...headers } })
}

async function mediaToken(deviceId: string): Promise<string> {
  await logIn(server, deviceId)
  const resource = { resource: 'TestStream1' }
  await deviceCall(server, '/api/v1/authorize', deviceId, resource)
  const issued = await deviceCall(server, '/api/v1/tokens/media', deviceId, resource)
  return Buffer.from(issued.json().serializedToken, 'base64').toString()
}

function adobeLogout(deviceId: string, headers = {}): Promise<Reply> {
  return logOut(server, deviceId, undefined, headers)
}

function baanxRevoke(token: string, headers = {}): Promise<Reply> {
  const path = '/v1/auth/oauth2/revoke'
  return baanx.post(server, path, { token }, { ...baanx.key, ...headers })
}

suite('a logout again while the first one is not confirmed', () => {
  afterEach(() => {
    network.thaw()
  })

  test('DirectLink: a dead bearer', async () => {
    const token = await directLink()
    const again = () => directLinkLogout(bearer(token))
    const first = (headers: object) => directLinkLogout({ ...bearer(token), ...headers })
    assert.equal((await tryOut({ token, first, again })).status, 401)
  })

  test('DirectLink: a bearer, after all sessions of its user', async () => {
    const token = await directLink()
    const again = () => directLinkLogout(bearer(token))
    const first = (headers: object) => directLinkLogout({ ...maria, ...headers })
    assert.equal((await tryOut({ token, first, again })).status, 401)
  })

  test('Matar', async () => {
    const token = await matar()
    const again = () => matarLogout(token)
    const first = (headers: object) => matarLogout(token, headers)
    assert.equal((await tryOut({ token, first, again })).status, 401)
  })

  test('Octopus', async () => {
    const token = await octopus()
    const again = () => octopusLogout(token)
    const first = (headers: object) => octopusLogout(token, headers)
    assert.equal((await tryOut({ token, first, again })).status, 401)
  })

  test('Adobe Pass: the device again', async () => {
    const token = await mediaToken('device-again')
    const again = () => adobeLogout('device-again')
    const first = (headers: object) => adobeLogout('device-again', headers)
    assert.equal((await tryOut({ token, first, again })).status, 204)
  })

  test('Adobe Pass: a device that was logged out before, whose session an operator ends', async () => {
    const deviceId = 'device-ended'
    await mediaToken(deviceId)
    assert.equal((await adobeLogout(deviceId)).status, 204)
    const token = await mediaToken(deviceId)
    const sid = String(decodeJwt(token)['sid'])
    const again = () => adobeLogout(deviceId)
    const first = (headers: object) => revocation('session', sid, headers)
    assert.equal((await tryOut({ token, first, again })).status, 204)
  })

  test('Baanx: logout', async () => {
    const token = await baanx.login(server)
    const again = () => baanx.logout(server, token)
    const first = (headers: Record<string, string>) => baanx.logout(server, token, headers)
    assert.equal((await tryOut({ token, first, again })).status, 401)
  })

  test('Baanx: the grants of a client', async () => {
    const { access_token: token } = await baanx.grant(server)
    const revoke = (headers: object) =>
      server.call('DELETE', '/v1/auth/oauth/revoke', {
        headers: { ...baanx.bearer(token), ...headers },
      })
    const second = await tryOut({ token, first: revoke, again: () => revoke({}) })
    assert.equal(second.status, 401)
  })

  for (const [name, pick] of [
    ['access', ({ access_token: token }: baanx.Pair) => token],
    ['refresh', ({ refresh_token: token }: baanx.Pair) => token],
  ] as const) {
    test(`Baanx: RFC 7009 with the ${name} token, after RFC 7009`, async () => {
      const pair = await baanx.grant(server)
      const again = () => baanxRevoke(pick(pair))
      const first = (headers: object) => baanxRevoke(pick(pair), headers)
      const second = await tryOut({ token: pair.access_token, first, again })
      assert.equal(second.status, 200)
    })

    test(`Baanx: RFC 7009 with the ${name} token, after a logout`, async () => {
      const pair = await baanx.grant(server)
      const { access_token: token } = pair
      const again = () => baanxRevoke(pick(pair))
      const first = (headers: Record<string, string>) => baanx.logout(server, token, headers)
      assert.equal((await tryOut({ token, first, again })).status, 200)
    })
  }

  test('the admin API: a revocation, and the end of a session', async () => {
    const token = await directLink()
    const sid = String(decodeJwt(token)['sid'])
    const first = (headers: object) => revocation('session', sid, headers)
    const second = await tryOut({ token, first, again: () => revocation('session', sid) })
    assert.equal(second.status, 200)

    const other = await directLink()
    const path = `/outright/v1/sessions/${String(decodeJwt(other)['sid'])}`
    const end = (headers: object) =>
      server.call('DELETE', path, { headers: { ...admin, ...headers } })
    const ended = await tryOut({ token: other, first: end, again: () => end({}) })
    assert.equal(ended.status, 200)
  })

  test('whatever it was that ended the token: every scope', async () => {
    for (const scope of ['token', 'session', 'subject', 'client', 'grant', 'everyone']) {
      const token = await directLink()
      const { jti = '', sid, sub = '', client_id: client } = decodeJwt(token)
      const keys: Record<string, string> = {
        token: jti,
        session: String(sid),
        subject: sub,
        client: String(client),
        grant: grantKey(String(client), sub),
        everyone: '*',
      }
      const first = (headers: object) => revocation(scope, keys[scope] ?? '', headers)
      const again = () => directLinkLogout(bearer(token))
      assert.equal((await tryOut({ token, first, again })).status, 401, scope)
    }
  })

  test('a signing key: its removal again, and a token that it signed', async () => {
    const token = await directLink()
    const { kid = '' } = decodeProtectedHeader(token)
    const remove = (headers: object) =>
      server.call('DELETE', `/outright/v1/keys/${kid}`, { headers: { ...admin, ...headers } })
    const second = await tryOut({ token, first: remove, again: () => remove({}) })
    assert.equal(second.status, 200)
  })
})

suite('what waits for no verifier', () => {
  afterEach(() => {
    network.thaw()
  })

  test('a logout again with Prefer: respond-async, which says so', async () => {
    const token = await directLink()
    assert.equal((await guard.check(token)).ok, true)
    network.freeze()
    const first = await directLinkLogout({ ...bearer(token), ...atOnce })
    const again = await directLinkLogout({ ...bearer(token), ...atOnce })
    assert.equal((await guard.check(token)).ok, true)
    assert.equal(again.status, 401)
    assert.equal(again.headers['outright-revocation'], first.headers['outright-revocation'])
    assert.equal(again.headers['preference-applied'], 'respond-async')
    assert.match(again.headers['outright-confirmed'] ?? '', /^1\/2;lapsed=0/)
  })

  test('any other call with the dead token', async () => {
    const token = await directLink()
    assert.equal((await guard.check(token)).ok, true)
    network.freeze()
    await directLinkLogout({ ...bearer(token), ...atOnce })
    const used = await server.call('GET', '/directlink/v1/download/list', {
      headers: bearer(token),
    })
    assert.equal(used.status, 401)
    assert.equal(used.headers['outright-revocation'], undefined)
    assert.equal((await guard.check(token)).ok, true)
  })

  test('RFC 7009 with what never was a token: there is nothing to be over', async () => {
    for (const token of ['nonsense', 'a'.repeat(65), 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA']) {
      const reply = await baanxRevoke(token)
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['outright-revocation'], undefined)
    }
  })
})
