/**
 * The logout call, statement by statement of the page that documents it; its parameters are in a
 * file of their own. Each test quotes what it holds; the page is Portuguese, the quotes are
 * translated.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { createGuard } from '../../src/guard/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  accessToken,
  deviceCall,
  errorXml,
  isLoggedIn,
  json,
  loggedInDevice,
  logIn,
  logOut,
  REQUESTOR,
  verdictOf,
} from './adobe-pass-kit.ts'

let server: TestServer

before(async () => {
  server = await startTestServer()
})
after(() => server.close())

async function mediaToken(deviceId: string): Promise<string> {
  const resource = { resource: 'TestStream1' }
  await deviceCall(server, '/api/v1/authorize', deviceId, resource)
  const issued = await deviceCall(server, '/api/v1/tokens/media', deviceId, resource)
  return Buffer.from(issued.json().serializedToken, 'base64').toString()
}

suite('"Remove the AuthN and AuthZ tokens from storage"', () => {
  test('AuthN: checkauthn answers 403 afterwards, and 200 before', async () => {
    const deviceId = await loggedInDevice(server)
    await logOut(server, deviceId)
    const reply = await deviceCall(server, '/api/v1/checkauthn', deviceId, {}, {})
    assert.equal(reply.status, 403)
    assert.equal(reply.text, errorXml(403, 'Authentication token expired'))
  })

  test('AuthN: tokens/authn answers 404 afterwards', async () => {
    const deviceId = await loggedInDevice(server)
    assert.equal((await deviceCall(server, '/api/v1/tokens/authn', deviceId)).status, 200)
    await logOut(server, deviceId)
    const reply = await deviceCall(server, '/api/v1/tokens/authn', deviceId)
    assert.equal(reply.status, 404)
    assert.equal(reply.text, '{"status":404,"message":"Not Found"}')
  })

  test('AuthZ: tokens/authz answers 412 afterwards', async () => {
    const deviceId = await loggedInDevice(server)
    const resource = { resource: 'TestStream1' }
    assert.equal((await deviceCall(server, '/api/v1/authorize', deviceId, resource)).status, 200)
    assert.equal((await deviceCall(server, '/api/v1/tokens/authz', deviceId, resource)).status, 200)
    await logOut(server, deviceId)
    const reply = await deviceCall(server, '/api/v1/tokens/authz', deviceId, resource)
    assert.equal(reply.status, 412)
    assert.equal(reply.text, '{"status":412,"message":"User not authenticated","details":null}')
  })

  test('AuthZ does not come back with a new login', async () => {
    const deviceId = await loggedInDevice(server)
    const resource = { resource: 'TestStream1' }
    await deviceCall(server, '/api/v1/authorize', deviceId, resource)
    await logOut(server, deviceId)
    await logIn(server, deviceId)
    const reply = await deviceCall(server, '/api/v1/tokens/authz', deviceId, resource)
    assert.equal(reply.status, 404)
  })
})

suite('beyond the page: a guard in front of the video server', () => {
  test('accepts a media token, and refuses it from the 204 on', async (context) => {
    const guard = createGuard({
      server: server.url,
      credential: 'outright-demo-guard',
      audience: 'adobe-pass',
    })
    context.after(() => {
      guard.close()
    })
    await guard.ready()
    const deviceId = await loggedInDevice(server)
    const neighbour = await loggedInDevice(server)
    const [token, other] = await Promise.all([mediaToken(deviceId), mediaToken(neighbour)])
    const verdict = await guard.check(token)
    assert.equal(verdict.ok && verdict.claims['resource'], 'TestStream1')
    const reply = await logOut(server, deviceId)
    assert.match(reply.headers['outright-confirmed'] ?? '', /^(\d+)\/\1;lapsed=0;ms=\d+$/)
    assert.deepEqual(await guard.check(token), { ok: false, reason: 'revoked' })
    assert.equal((await guard.check(other)).ok, true)
  })

  for (const scope of ['session', 'subject', 'client'] as const) {
    test(`a device’s login also ends with its ${scope}, whatever ends that`, async () => {
      const deviceId = await loggedInDevice(server)
      const token = await mediaToken(deviceId)
      const verdict = await verdictOf(server, token)
      assert.ok(verdict.ok)
      const { sid, sub, client_id: client } = verdict.claims
      const key = { session: sid, subject: sub, client }[scope]
      const command = { scope, key, reason: 'revoked_by_operator', wait: true } as const
      await server.core.revoke({ ...command, actor: 'operator:admin' })
      assert.equal(await isLoggedIn(server, deviceId), false)
      const refused = await deviceCall(server, '/api/v1/tokens/media', deviceId, {
        resource: 'TestStream1',
      })
      assert.equal(refused.status, 403)
      await logIn(server, deviceId)
      assert.equal(await isLoggedIn(server, deviceId), true)
    })
  }
})

suite('"DELETE" "204" "None"', () => {
  test('204 with an empty body', async () => {
    const reply = await logOut(server, await loggedInDevice(server))
    assert.equal(reply.status, 204)
    assert.equal(reply.text, '')
    assert.equal(reply.headers['content-type'], undefined)
    assert.equal(reply.headers['content-length'], undefined)
  })

  test('the receipt names the revocation and says who confirmed it', async () => {
    const deviceId = await loggedInDevice(server)
    const reply = await logOut(server, deviceId)
    const id = reply.headers['outright-revocation'] ?? ''
    assert.match(reply.headers['outright-confirmed'] ?? '', /^(\d+)\/\1;lapsed=0;ms=\d+$/)
    const revocation = await server.store.findRevocation(id)
    const hash = createHash('sha256').update(deviceId).digest('base64url')
    assert.equal(revocation?.scope, 'device')
    assert.equal(revocation?.key, `${REQUESTOR}/${hash}`)
    assert.equal(revocation?.reason, 'logout')
    assert.equal(revocation?.actor, 'subject:DemoMVPD/viewer')
  })

  test('Prefer: respond-async is honoured', async () => {
    const deviceId = await loggedInDevice(server)
    const reply = await logOut(
      server,
      deviceId,
      { requestor: REQUESTOR },
      { prefer: 'respond-async' },
    )
    assert.equal(reply.status, 204)
    assert.equal(reply.headers['preference-applied'], 'respond-async')
    assert.equal(await isLoggedIn(server, deviceId), false)
  })

  test('a device on which no person ever logged in: 204 all the same', async () => {
    const reply = await logOut(server, 'never-seen')
    assert.equal(reply.status, 204)
    assert.match(reply.headers['outright-revocation'] ?? '', /^[0-9a-f-]{36}$/)
  })

  test('again: 204, the same revocation, and nothing new in the log', async () => {
    const deviceId = await loggedInDevice(server)
    const first = await logOut(server, deviceId)
    const second = await logOut(server, deviceId)
    const third = await logOut(server, deviceId)
    assert.equal(second.status, 204)
    assert.equal(second.headers['outright-revocation'], first.headers['outright-revocation'])
    assert.equal(third.headers['outright-revocation'], first.headers['outright-revocation'])
  })

  test('a login after it holds, and is ended by the next logout', async () => {
    const deviceId = await loggedInDevice(server)
    await logOut(server, deviceId)
    await logIn(server, deviceId)
    assert.equal(await isLoggedIn(server, deviceId), true)
    await logOut(server, deviceId)
    assert.equal(await isLoggedIn(server, deviceId), false)
  })

  test('two logins on one device end together', async () => {
    const deviceId = await loggedInDevice(server)
    await logIn(server, deviceId)
    await logOut(server, deviceId)
    assert.equal(await isLoggedIn(server, deviceId), false)
    const sessions = await server.dependencies.store.listSessions(
      { dialect: 'adobe-pass', liveAtMs: server.dependencies.clock.nowMs() },
      server.dependencies.clock.nowMs(),
      { limit: 100, cursor: undefined },
    )
    const hash = createHash('sha256').update(deviceId).digest('base64url')
    assert.ok(sessions.items.every(({ session }) => !session.deviceKey?.endsWith(hash)))
  })

  test('a login that has expired by a clock that is ahead ends all the same', async () => {
    const deviceId = await loggedInDevice(server)
    await logOut(server, deviceId)
    await logIn(server, deviceId)
    const media = await mediaToken(deviceId)
    const farMs = 400 * 86_400_000
    server.advance(farMs)
    const first = await logOut(server, deviceId)
    const again = await logOut(server, deviceId)
    server.advance(-farMs)
    assert.equal(first.status, 204)
    assert.equal(await isLoggedIn(server, deviceId), false)
    assert.deepEqual(await verdictOf(server, media), { ok: false, reason: 'revoked' })
    const [one, other] = [first, again].map(({ headers }) => headers['outright-revocation'])
    assert.equal(other, one, 'the second logout ends nothing more')
  })

  test('the extension of the format changes nothing', async () => {
    for (const extension of ['.json', '.xml']) {
      const deviceId = await loggedInDevice(server)
      const reply = await server.call(
        'DELETE',
        `/api/v1/logout${extension}?requestor=REF30&deviceId=${deviceId}`,
      )
      assert.equal(reply.status, 204)
      assert.equal(reply.text, '')
      assert.equal(await isLoggedIn(server, deviceId), false)
    }
  })

  test('other methods at the shared path are not this dialect’s', async () => {
    const reply = await server.call('GET', '/api/v1/logout?requestor=REF30&deviceId=x')
    assert.equal(reply.status, 405)
    assert.match(reply.headers['allow'] ?? '', /DELETE/)
  })
})

suite('"requestor: the programmer for which this operation is valid"', () => {
  test('another device, and another requestor’s device of the same id, stay logged in', async () => {
    const { store, clock } = server.dependencies
    const nowMs = clock.nowMs()
    await store.createClient({
      id: 'OTHER',
      key: 'OTHER',
      name: 'Other',
      dialect: 'adobe-pass',
      secretHash: undefined,
      allowlist: [],
      redirectUris: [],
      status: 'active',
      createdAtMs: nowMs,
      attributes: { mvpds: ['DemoTempPass'] },
    })
    const deviceId = await loggedInDevice(server)
    const neighbour = await loggedInDevice(server)
    const preview = `requestor_id=OTHER&deviceId=${deviceId}&mso_id=DemoTempPass&domain_name=x`
    await server.call('POST', `/api/v1/authenticate/freepreview?${preview}`)
    const there = `/api/v1/checkauthn?requestor=OTHER&deviceId=${deviceId}`
    assert.equal((await server.call('GET', there)).status, 200)
    await logOut(server, deviceId)
    assert.equal(await isLoggedIn(server, deviceId), false)
    assert.equal(await isLoggedIn(server, neighbour), true)
    assert.equal((await server.call('GET', there)).status, 200)
  })

  test('not marked mandatory: without it, the access token names it', async () => {
    const deviceId = await loggedInDevice(server)
    const authorization = `Bearer ${await accessToken(server)}`
    const reply = await logOut(server, deviceId, {}, { authorization })
    assert.equal(reply.status, 204)
    assert.equal(await isLoggedIn(server, deviceId), false)
  })

  test('not marked mandatory: without it and without credentials, the demo has one requestor', async () => {
    const deviceId = await loggedInDevice(server)
    assert.equal((await logOut(server, deviceId, {})).status, 204)
    assert.equal(await isLoggedIn(server, deviceId), false)
  })

  test('a requestor that does not exist is an error, not a silent success', async () => {
    const deviceId = await loggedInDevice(server)
    const reply = await logOut(server, deviceId, { requestor: 'NOBODY' }, json)
    assert.equal(reply.status, 400)
    assert.equal(reply.text, `{"status":400,"message":"Parameter 'requestor' is not valid"}`)
    assert.equal(await isLoggedIn(server, deviceId), true)
  })

  test('the access token survives the device’s logout', async () => {
    const deviceId = await loggedInDevice(server)
    const authorization = `Bearer ${await accessToken(server)}`
    await logOut(server, deviceId, { requestor: REQUESTOR }, { authorization })
    const again = await logOut(server, deviceId, { requestor: REQUESTOR }, { authorization })
    assert.equal(again.status, 204)
  })
})

suite('what never happens', () => {
  test('no raw device id is stored: not in sessions, not in the log, not in codes', async () => {
    const deviceId = 'very-secret-device-id'
    const code = await logIn(server, deviceId)
    await logOut(server, deviceId)
    const { store, clock } = server.dependencies
    const page = { limit: 1000, cursor: undefined }
    const [sessions, revocations, tickets] = await Promise.all([
      store.listSessions({}, clock.nowMs(), page),
      store.listRevocations({}, page),
      store.listTickets('adobe-regcode', '', 1000),
    ])
    const everything = JSON.stringify([sessions, revocations, tickets])
    assert.ok(everything.includes(code))
    assert.equal(everything.includes(deviceId), false)
    assert.equal(everything.includes(Buffer.from(deviceId).toString('base64')), false)
  })
})
