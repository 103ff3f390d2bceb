/** Applications and devices are registered: what succeeds, what fails, in XML and in JSON. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  accessToken,
  deviceCall,
  deviceInfo,
  errorXml,
  json,
  keysOf,
  logIn,
  nowMs,
  registrationCode,
  xmlHead,
} from './adobe-pass-kit.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('1. POST /o/client/register', () => {
  test('201 with credentials, in the documented order', async () => {
    const reply = await server.call('POST', '/o/client/register', {
      body: {
        software_statement: 'demo-software-statement',
        redirect_uri: 'adobepass://com.programmer',
      },
    })
    assert.equal(reply.status, 201)
    assert.equal(reply.headers['content-type'], 'application/json;charset=UTF-8')
    assert.deepEqual(keysOf(reply), [
      'client_id',
      'client_secret',
      'redirect_uris',
      'grant_types',
      'scopes',
      'client_id_issued_at',
    ])
    const body = reply.json()
    assert.deepEqual(body.redirect_uris, ['adobepass://com.programmer'])
    assert.deepEqual(body.grant_types, ['client_credentials'])
    assert.ok(Math.abs(body.client_id_issued_at - nowMs(server) / 1000) < 5)
  })

  const failures: readonly (readonly [string, object | string, string])[] = [
    ['no statement', {}, 'invalid_request'],
    ['no JSON', '{', 'invalid_request'],
    ['an unknown statement', { software_statement: 'x' }, 'invalid_software_statement'],
    [
      'a redirect URI that runs something',
      { software_statement: 'demo-software-statement', redirect_uri: 'javascript:1' },
      'invalid_redirect_uri',
    ],
    [
      'a redirect URI that is none',
      { software_statement: 'demo-software-statement', redirect_uri: 'nowhere' },
      'invalid_redirect_uri',
    ],
  ]
  for (const [name, body, error] of failures) {
    test(`${name}: 400 ${error}`, async () => {
      const reply = await server.call('POST', '/o/client/register', { body })
      assert.equal(reply.status, 400)
      assert.equal(reply.text, `{"error":"${error}"}`)
    })
  }
})

suite('2. POST /o/client/token', () => {
  let fields: Record<string, string>

  before(async () => {
    const registered = await server.call('POST', '/o/client/register', {
      body: { software_statement: 'demo-software-statement' },
    })
    const { client_id, client_secret } = registered.json()
    fields = { client_id, client_secret, grant_type: 'client_credentials' }
  })

  test('201 with an access token of 21600 seconds, in the documented order', async () => {
    const reply = await server.call('POST', '/o/client/token', {
      body: new URLSearchParams(fields),
    })
    assert.equal(reply.status, 201)
    assert.deepEqual(keysOf(reply), [
      'id',
      'access_token',
      'created_at',
      'expires_in',
      'token_type',
    ])
    const body = reply.json()
    assert.equal(body.expires_in, 21_600)
    assert.equal(body.token_type, 'bearer')
    assert.ok(Math.abs(body.created_at - nowMs(server)) < 5000)
  })

  const failures: readonly (readonly [string, Record<string, string>, string])[] = [
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['a wrong secret', { client_secret: 'guess' }, 'invalid_client'],
    ['an unknown client', { client_id: 'nobody' }, 'invalid_client'],
    ['no grant type', { grant_type: '' }, 'invalid_request'],
    ['no secret', { client_secret: '' }, 'invalid_request'],
  ]
  for (const [name, change, error] of failures) {
    test(`${name}: 400 ${error}`, async () => {
      const body = new URLSearchParams({ ...fields, ...change })
      const reply = await server.call('POST', '/o/client/token', { body })
      assert.equal(reply.status, 400)
      assert.equal(reply.text, `{"error":"${error}"}`)
    })
  }

  test('a parameter twice, or two ways to authenticate: 400 invalid_request', async () => {
    const twice = new URLSearchParams(fields)
    twice.append('client_id', 'other')
    const headers = { authorization: 'Basic eDp5' }
    const replies = await Promise.all([
      server.call('POST', '/o/client/token', { body: twice }),
      server.call('POST', '/o/client/token', { body: new URLSearchParams(fields), headers }),
    ])
    for (const reply of replies) assert.equal(reply.text, '{"error":"invalid_request"}')
  })
})

suite('3–5. the registration code', () => {
  test('POST: 201 with the record; times are numbers, the device id is base64', async () => {
    const reply = await server.call(
      'POST',
      '/reggie/v1/REF30/regcode?deviceId=so-devid-003&mvpd=DemoMVPD',
      { headers: { ...json, 'x-device-info': deviceInfo, 'user-agent': 'TV/1.0' } },
    )
    assert.equal(reply.status, 201)
    const record = reply.json()
    assert.deepEqual(Object.keys(record), [
      'id',
      'code',
      'requestor',
      'mvpd',
      'generated',
      'expires',
      'info',
    ])
    assert.match(record.id, /^[0-9a-f-]{36}$/)
    assert.match(record.code, /^[A-Z0-9]{7}$/)
    assert.equal(record.requestor, 'REF30')
    assert.equal(record.mvpd, 'DemoMVPD')
    assert.equal(record.expires - record.generated, 1_800_000)
    assert.deepEqual(Object.keys(record.info), [
      'deviceId',
      'deviceInfo',
      'userAgent',
      'originalUserAgent',
      'authorizationType',
      'sourceApplicationInformation',
    ])
    assert.equal(record.info.deviceId, 'c28tZGV2aWQtMDAz')
    assert.equal(record.info.userAgent, 'TV/1.0')
    assert.equal(record.info.authorizationType, 'OAUTH2')
    const normalized = JSON.parse(Buffer.from(record.info.deviceInfo, 'base64').toString())
    assert.equal(normalized.type, 'SetTopBox')
    assert.equal(normalized.model, 'TV 5th Gen')
    assert.equal(normalized.operatingSystem.name, 'tvOS')
  })

  test('POST with the parameters in a form, as an observed client sends them', async () => {
    const body = new URLSearchParams({
      deviceType: 'androidtv',
      deviceId: 'form-device',
      appId: 'AndroidTV',
      ttl: '3600',
    })
    const reply = await server.call('POST', '/reggie/v1/REF30/regcode', { body, headers: json })
    assert.equal(reply.status, 201)
    const { generated, expires } = reply.json()
    assert.equal(expires - generated, 3_600_000)
  })

  for (const [ttl, status] of [
    ['36000', 201],
    ['36001', 400],
    ['0', 400],
    ['-5', 400],
    ['1e9', 400],
    ['soon', 400],
  ] as const) {
    test(`ttl=${ttl}: ${String(status)}`, async () => {
      const path = `/reggie/v1/REF30/regcode?deviceId=ttl&ttl=${ttl}`
      assert.equal((await server.call('POST', path)).status, status)
    })
  }

  test('without deviceId: 400 with the documented body', async () => {
    const reply = await server.call('POST', '/reggie/v1/REF30/regcode', { headers: json })
    assert.equal(reply.status, 400)
    assert.equal(reply.text, `{"status":400,"message":"Required 'deviceId' is not present"}`)
  })

  test('GET: 200 with the record and the hashed device id, in XML with its namespace', async () => {
    const code = await registrationCode(server, 'device-xml')
    const inJson = await server.call('GET', `/reggie/v1/REF30/regcode/${code}.json`)
    assert.equal(inJson.status, 200)
    const record = inJson.json()
    assert.equal(record.code, code)
    assert.notEqual(Buffer.from(record.info.deviceId, 'base64').toString(), 'device-xml')
    assert.equal(Buffer.from(record.info.deviceId, 'base64').length, 32)
    const inXml = await server.call('GET', `/reggie/v1/REF30/regcode/${code}?format=xml`)
    assert.ok(
      inXml.text.startsWith(
        `${xmlHead}<ns2:regcode xmlns:ns2="model.mvc.reggie.pass.adobe.com"><id>${record.id}</id><code>${code}</code><requestor>REF30</requestor><mvpd></mvpd><generated>${record.generated}</generated><expires>${record.expires}</expires><info><deviceId>`,
      ),
      inXml.text,
    )
  })

  test('GET of a code that expired, was deleted, or is another requestor’s: 404', async () => {
    const path = '/reggie/v1/REF30/regcode'
    const short = await server.call('POST', `${path}?deviceId=x&ttl=60&format=json`)
    server.advance(61_000)
    const expired = await server.call('GET', `${path}/${short.json().code}`)
    assert.equal(expired.status, 404)
    assert.equal(expired.text, errorXml(404, 'Not found'))
    const code = await registrationCode(server, 'device-delete')
    const deleted = await server.call('DELETE', `${path}/${code}`)
    assert.equal(deleted.status, 204)
    assert.equal(deleted.text, '')
    const gone = await server.call('GET', `${path}/${code}`, { headers: json })
    assert.equal(gone.text, '{"status":404,"message":"Not Found"}')
  })

  test('the workaround for devices without an id: register as dummy, then use the returned id', async () => {
    const first = await server.call('POST', '/reggie/v1/REF30/regcode?deviceId=dummy&format=json')
    const { id } = first.json()
    await logIn(server, id)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', id)).status, 200)
  })
})

suite('access tokens', () => {
  test('a good one is accepted, a dead one is not the same as none', async () => {
    const token = await accessToken(server)
    await logIn(server, 'bearer')
    const good = { ...json, authorization: `Bearer ${token}` }
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'bearer', {}, good)).status, 200)
    const bad = { ...json, authorization: `Bearer ${token.slice(0, -4)}AAAA` }
    const reply = await deviceCall(server, '/api/v1/checkauthn', 'bearer', {}, bad)
    assert.equal(reply.status, 401)
    assert.equal(reply.text, '{"status":401,"message":"Unauthorized"}')
    assert.equal(reply.headers['www-authenticate'], 'Bearer')
    server.advance(21_601_000)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'bearer', {}, good)).status, 401)
  })
})
