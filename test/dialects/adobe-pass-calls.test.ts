/** Every other call of the API, row by row: what succeeds, what fails, in XML and in JSON. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  dayMs,
  deviceCall,
  errorXml,
  json,
  keysOf,
  logIn,
  nowMs,
  registrationCode,
  xml,
  xmlHead,
} from './adobe-pass-kit.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('6. GET /api/v1/config/{requestor}', () => {
  test('200 with the providers, nested as the config servlet nests them', async () => {
    for (const path of ['/api/v1/config/REF30.json', '/api/v1/config/REF30?format=json']) {
      const reply = await server.call('GET', path)
      assert.equal(reply.status, 200)
      const { requestor } = reply.json()
      assert.equal(requestor.id, 'REF30')
      assert.equal(requestor.mvpds.mvpd[0].id, 'DemoMVPD')
      assert.equal(requestor.mvpds.mvpd[0].displayName, 'Demo TV provider')
    }
    const inXml = await server.call('GET', '/api/v1/config/REF30')
    assert.ok(
      inXml.text.startsWith(
        `${xmlHead}<config><requestor><id>REF30</id><name>Demo programmer</name><mvpds><mvpd><id>DemoMVPD</id>`,
      ),
    )
  })

  test('an unknown requestor: 400', async () => {
    assert.equal((await server.call('GET', '/api/v1/config/NOBODY')).status, 400)
  })
})

suite('8–10. is the device logged in', () => {
  test('checkauthn: 200 without a body; 403 with the documented one', async () => {
    await logIn(server, 'check')
    const reply = await deviceCall(server, '/api/v1/checkauthn', 'check')
    assert.equal(reply.status, 200)
    assert.equal(reply.text, '')
    const not = await deviceCall(server, '/api/v1/checkauthn', 'not', {}, {})
    assert.equal(not.status, 403)
    assert.equal(not.text, errorXml(403, 'Authentication token expired'))
  })

  test('tokens/authn: both forms as documented, `expires` as a string of milliseconds', async () => {
    await logIn(server, 'authn')
    const inJson = await deviceCall(server, '/api/v1/tokens/authn', 'authn')
    const { expires } = inJson.json()
    assert.ok(Math.abs(Number(expires) - nowMs(server) - 30 * dayMs) < 5000)
    assert.equal(
      inJson.text,
      `{"requestor":"REF30","mvpd":"DemoMVPD","userId":"viewer","expires":"${expires}"}`,
    )
    const inXml = await deviceCall(server, '/api/v1/tokens/authn', 'authn', {}, xml)
    assert.equal(
      inXml.text,
      `${xmlHead}<authentication><expires>${expires}</expires><userId>viewer</userId><mvpd>DemoMVPD</mvpd><requestor>REF30</requestor></authentication>`,
    )
  })

  test('tokens/authn without a token: `Not found` in XML, `Not Found` in JSON', async () => {
    const inXml = await deviceCall(server, '/api/v1/tokens/authn', 'none', {}, xml)
    assert.equal(inXml.status, 404)
    assert.equal(inXml.text, errorXml(404, 'Not found'))
    const inJson = await deviceCall(server, '/api/v1/tokens/authn', 'none')
    assert.equal(inJson.text, '{"status":404,"message":"Not Found"}')
  })

  test('tokens/authn of a token that expired: 410', async () => {
    await logIn(server, 'old')
    server.advance(30 * dayMs + 1000)
    const reply = await deviceCall(server, '/api/v1/tokens/authn', 'old')
    assert.equal(reply.status, 410)
    assert.equal(reply.text, '{"status":410,"message":"Gone"}')
  })

  test('authenticate/{code}, as an add-on asks for its token', async () => {
    const code = await registrationCode(server, 'addon')
    const path = `/api/v1/authenticate/${code}?requestor=REF30&format=json`
    assert.equal((await server.call('GET', path)).status, 404)
    const own = await logIn(server, 'addon')
    const reply = await server.call(
      'GET',
      `/api/v1/authenticate/${own}?requestor=REF30&format=json`,
    )
    assert.equal(reply.json().mvpd, 'DemoMVPD')
  })
})

suite('15–17. metadata, free preview, platform SSO', () => {
  test('usermetadata: 200 with updated, encrypted and data; 412 without AuthN', async () => {
    await logIn(server, 'meta')
    const reply = await deviceCall(server, '/api/v1/tokens/usermetadata', 'meta')
    assert.deepEqual(keysOf(reply), ['updated', 'encrypted', 'data'])
    assert.ok(Math.abs(reply.json().updated - nowMs(server) / 1000) < 5)
    assert.deepEqual(reply.json().data.zip, ['12345'])
    const nobody = await deviceCall(server, '/api/v1/tokens/usermetadata', 'none')
    assert.equal(nobody.status, 412)
  })

  const preview = (deviceId: string, mvpd = 'DemoTempPass'): string =>
    `/api/v1/authenticate/freepreview?requestor_id=REF30&deviceId=${deviceId}&mso_id=${mvpd}&domain_name=x`

  for (const method of ['POST', 'GET']) {
    test(`freepreview by ${method}: 204, and the device is logged in`, async () => {
      const reply = await server.call(method, preview(`preview-${method}`))
      assert.equal(reply.status, 204)
      assert.equal(reply.text, '')
      const check = await deviceCall(server, '/api/v1/checkauthn', `preview-${method}`)
      assert.equal(check.status, 200)
    })
  }

  test('a Temp Pass is not prolonged by asking again, and is over when it is over', async () => {
    await server.call('POST', preview('once'))
    server.advance(9 * 60_000)
    await server.call('DELETE', '/api/v1/logout?requestor=REF30&deviceId=once')
    assert.equal((await server.call('POST', preview('once'))).status, 204)
    const rest = await deviceCall(server, '/api/v1/tokens/authn', 'once')
    assert.ok(Number(rest.json().expires) - nowMs(server) <= 60_000)
    server.advance(61_000)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'once')).status, 403)
    assert.equal((await server.call('POST', preview('once'))).status, 400)
  })

  test('freepreview of a provider that is no Temp Pass: 400', async () => {
    assert.equal((await server.call('POST', preview('x', 'DemoMVPD'))).status, 400)
  })

  test('platform SSO without such a provider: 400; without SAMLResponse: 400, which names it', async () => {
    const fields = { requestor: 'REF30', deviceId: 'apple', mvpd: 'DemoMVPD', deviceType: 'tvOS' }
    const missing = await server.call('POST', '/api/v1/tokens/authn', {
      body: new URLSearchParams(fields),
      headers: json,
    })
    assert.equal(missing.json().message, "Required 'SAMLResponse' is not present")
    const reply = await server.call('POST', '/api/v1/tokens/authn', {
      body: new URLSearchParams({ ...fields, SAMLResponse: 'PHNhbWw+' }),
    })
    assert.equal(reply.status, 400)
  })
})

suite('paths that no surface owns', () => {
  for (const path of ['/api/v1/tokens/nothing', '/reggie/v2/x', '/api/v1/config']) {
    test(`${path}: 404 in this dialect’s form`, async () => {
      const reply = await server.call('GET', path)
      assert.equal(reply.status, 404)
      assert.equal(reply.text, errorXml(404, 'Not found'))
    })
  }

  test('a wrong method: 405 with Allow, in this dialect’s form', async () => {
    const reply = await server.call('PUT', '/api/v1/tokens/authn', { headers: json })
    assert.equal(reply.status, 405)
    assert.equal(reply.text, '{"status":405,"message":"Method Not Allowed"}')
    assert.match(reply.headers['allow'] ?? '', /^GET, HEAD, POST/)
  })

  test('client registration has errors of its own', async () => {
    const lost = await server.call('GET', '/o/client/nothing')
    assert.equal(lost.status, 404)
    assert.equal(lost.text, '{"error":"invalid_request"}')
    const wrong = await server.call('GET', '/o/client/token')
    assert.equal(wrong.status, 405)
    assert.match(wrong.headers['allow'] ?? '', /^POST/)
  })
})
