/** Authorizations, media tokens and preauthorization: what succeeds, what fails, in XML and JSON. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  dayMs,
  deviceCall,
  errorXml,
  keysOf,
  logIn,
  nowMs,
  verdictOf,
  xml,
  xmlHead,
} from './adobe-pass-kit.ts'

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('11–12. authorizations', () => {
  test('authorize and tokens/authz: both forms as documented', async () => {
    await logIn(server, 'authz')
    const resource = { resource: 'TestStream1' }
    const inJson = await deviceCall(server, '/api/v1/authorize', 'authz', resource)
    const { expires } = inJson.json()
    assert.ok(Math.abs(Number(expires) - nowMs(server) - dayMs) < 5000)
    assert.equal(
      inJson.text,
      `{"mvpd":"DemoMVPD","resource":"TestStream1","requestor":"REF30","expires":"${expires}"}`,
    )
    const inXml = await deviceCall(server, '/api/v1/tokens/authz', 'authz', resource, xml)
    assert.equal(
      inXml.text,
      `${xmlHead}<authorization><expires>${expires}</expires><mvpd>DemoMVPD</mvpd><requestor>REF30</requestor><resource>TestStream1</resource></authorization>`,
    )
  })

  test('the provider’s no: 403 with its words in `details`', async () => {
    await logIn(server, 'denied')
    const denied = { resource: 'TestStream3' }
    const reply = await deviceCall(server, '/api/v1/authorize', 'denied', denied)
    assert.equal(reply.status, 403)
    assert.equal(
      reply.text,
      '{"status":403,"message":"User not authorized","details":"Your subscription package does not include the \\"TestStream3\\" channel."}',
    )
    const media = await deviceCall(server, '/api/v1/tokens/media', 'denied', denied)
    assert.equal(media.status, 403)
  })

  test('tokens/authz: 412 without AuthN, 404 without AuthZ, 410 where it expired', async () => {
    const resource = { resource: 'TestStream1' }
    const without = await deviceCall(server, '/api/v1/tokens/authz', 'nobody', resource)
    assert.equal(without.status, 412)
    assert.equal(without.text, '{"status":412,"message":"User not authenticated","details":null}')
    await logIn(server, 'authz-2')
    const none = await deviceCall(server, '/api/v1/tokens/authz', 'authz-2', resource)
    assert.equal(none.status, 404)
    assert.equal(none.text, '{"status":404,"message":"Not Found","details":null}')
    await deviceCall(server, '/api/v1/authorize', 'authz-2', resource)
    server.advance(dayMs + 1000)
    const expired = await deviceCall(server, '/api/v1/tokens/authz', 'authz-2', resource)
    assert.equal(expired.status, 410)
    assert.equal(expired.text, '{"status":410,"message":"Gone","details":null}')
    const inXml = await deviceCall(server, '/api/v1/tokens/authz', 'authz-2', resource, xml)
    assert.equal(inXml.text, errorXml(410, 'Gone'))
  })

  test('AuthN expiry forces AuthZ expiry', async () => {
    await logIn(server, 'both')
    server.advance(30 * dayMs - 3_600_000)
    const resource = { resource: 'TestStream1' }
    const reply = await deviceCall(server, '/api/v1/authorize', 'both', resource)
    const authn = await deviceCall(server, '/api/v1/tokens/authn', 'both')
    assert.equal(reply.json().expires, authn.json().expires)
  })

  test('without resource: 400, which names it', async () => {
    const reply = await deviceCall(server, '/api/v1/authorize', 'authz')
    assert.equal(reply.status, 400)
    assert.equal(reply.json().message, "Required 'resource' is not present")
  })
})

suite('13. media tokens', () => {
  test('tokens/media and mediatoken: both forms as documented, seven minutes', async () => {
    await logIn(server, 'media')
    const resource = { resource: 'TestStream1' }
    const early = await deviceCall(server, '/api/v1/tokens/media', 'media', resource)
    assert.equal(early.status, 403)
    await deviceCall(server, '/api/v1/authorize', 'media', resource)
    for (const path of ['/api/v1/tokens/media', '/api/v1/mediatoken']) {
      const inJson = await deviceCall(server, path, 'media', resource)
      assert.deepEqual(keysOf(inJson), [
        'resource',
        'requestor',
        'expires',
        'serializedToken',
        'userId',
        'mvpdId',
      ])
      const body = inJson.json()
      assert.ok(Math.abs(Number(body.expires) - nowMs(server) - 420_000) < 5000)
      assert.equal(body.mvpdId, 'DemoMVPD')
      const token = Buffer.from(body.serializedToken, 'base64').toString()
      const verdict = await verdictOf(server, token, 'adobe-pass')
      assert.ok(verdict.ok, JSON.stringify(verdict))
      assert.equal(verdict.claims['resource'], 'TestStream1')
      assert.equal(verdict.claims['mvpd'], 'DemoMVPD')
      const inXml = await deviceCall(server, path, 'media', resource, xml)
      assert.match(
        inXml.text,
        /<play><expires>\d{13}<\/expires><mvpdId>DemoMVPD<\/mvpdId><requestor>REF30<\/requestor><resource>TestStream1<\/resource><serializedToken>[\w+/]+=*<\/serializedToken><userId>viewer<\/userId><\/play>$/,
      )
    }
  })
})

suite('14. preauthorize', () => {
  test('200 with a decision for each resource, and the documented headers', async () => {
    const code = await logIn(server, 'pre')
    const resource = { resource: 'TestStream1, TestStream3,TestStream1' }
    const byDevice = await deviceCall(server, '/api/v1/preauthorize', 'pre', resource)
    const expected =
      '{"resources":[{"id":"TestStream1","authorized":true},{"id":"TestStream3","authorized":false}]}'
    assert.equal(byDevice.text, expected)
    assert.equal(byDevice.headers['adobe-response-confidence'], 'full')
    assert.match(byDevice.headers['adobe-request-id'] ?? '', /^[0-9a-f-]{36}$/)
    const query = new URLSearchParams({ requestor: 'REF30', format: 'json', ...resource })
    const byCode = await server.call('GET', `/api/v1/preauthorize/${code}?${query.toString()}`)
    assert.equal(byCode.text, expected)
    const inXml = await deviceCall(server, '/api/v1/preauthorize', 'pre', resource, xml)
    assert.equal(
      inXml.text,
      `${xmlHead}<resources><resource><id>TestStream1</id><authorized>true</authorized></resource><resource><id>TestStream3</id><authorized>false</authorized></resource></resources>`,
    )
  })

  test('six resources: 400; no person logged in: 412', async () => {
    await logIn(server, 'pre-2')
    const five = await deviceCall(server, '/api/v1/preauthorize', 'pre-2', {
      resource: '1,2,3,4,5',
    })
    assert.equal(five.status, 200)
    const six = await deviceCall(server, '/api/v1/preauthorize', 'pre-2', {
      resource: '1,2,3,4,5,6',
    })
    assert.equal(six.status, 400)
    const nobody = await deviceCall(server, '/api/v1/preauthorize', 'none', { resource: '1' })
    assert.equal(nobody.status, 412)
  })
})
