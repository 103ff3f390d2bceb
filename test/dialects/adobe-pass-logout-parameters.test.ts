/**
 * The parameters of the logout call, as the page that documents it has them, and what observed
 * clients send. Each test quotes what it holds; the page is Portuguese, the quotes are translated.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  deviceInfo,
  errorXml,
  isLoggedIn,
  loggedInDevice,
  logOut,
  REQUESTOR,
  vendorSample,
} from './adobe-pass-kit.ts'

let server: TestServer

before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('"deviceId (Mandatory)"', () => {
  test('missing: 400, which names it, in XML by default and in JSON where asked', async () => {
    const path = '/api/v1/logout?requestor=REF30'
    const inXml = await server.call('DELETE', path)
    assert.equal(inXml.status, 400)
    assert.match(inXml.headers['content-type'] ?? '', /^application\/xml/)
    assert.equal(inXml.text, errorXml(400, 'Required &apos;deviceId&apos; is not present'))
    const inJson = await server.call('DELETE', `${path}&format=json`)
    assert.equal(inJson.text, `{"status":400,"message":"Required 'deviceId' is not present"}`)
  })

  test('empty: as missing', async () => {
    const reply = await server.call('DELETE', '/api/v1/logout?requestor=REF30&deviceId=')
    assert.equal(reply.status, 400)
  })
})

suite('"device_info/X-Device-Info (Mandatory)", as clients keep it', () => {
  const carriers: readonly (readonly [string, Record<string, string>, Record<string, string>])[] = [
    ['as X-Device-Info in the header', {}, { 'x-device-info': deviceInfo }],
    ['MAY be passed as a URL parameter', { device_info: deviceInfo }, {}],
    ['percent-encoded once more', { device_info: encodeURIComponent(deviceInfo) }, {}],
    ['percent-encoded in the header', {}, { 'x-device-info': encodeURIComponent(deviceInfo) }],
    ['the vendor’s own sample, which is not JSON', {}, { 'x-device-info': vendorSample }],
    ['not base64', {}, { 'x-device-info': '%%%' }],
    ['absent', {}, {}],
  ]
  for (const [name, parameters, headers] of carriers) {
    test(`${name}: 204, logged out`, async () => {
      const deviceId = await loggedInDevice(server)
      const reply = await logOut(server, deviceId, { requestor: REQUESTOR, ...parameters }, headers)
      assert.equal(reply.status, 204)
      assert.equal(await isLoggedIn(server, deviceId), false)
    })
  }
})

suite('"deviceType", "deviceUser (Deprecated)", "appId (Deprecated)"', () => {
  for (const [name, value] of [
    ['deviceType', 'Roku'],
    ['deviceUser', 'JD'],
    ['appId', '2345'],
  ] as const) {
    test(`${name} is accepted`, async () => {
      const deviceId = await loggedInDevice(server)
      const reply = await logOut(server, deviceId, { requestor: REQUESTOR, [name]: value })
      assert.equal(reply.status, 204)
      assert.equal(await isLoggedIn(server, deviceId), false)
    })
  }

  test('"metrics broken down per device type": the type is counted, device_info before it', async () => {
    const one = await startTestServer({ oneNode: true })
    const requestor = REQUESTOR
    await logOut(one, 'counted', { requestor, deviceType: 'roku' })
    await logOut(one, 'counted', { requestor, deviceType: 'x', device_info: deviceInfo })
    await logOut(one, 'counted')
    const { text } = await one.call('GET', '/metrics')
    for (const type of ['roku', 'SetTopBox', 'Unknown']) {
      assert.match(text, new RegExp(`call="logout",cdt="${type}"`))
    }
    await one.close()
  })
})

suite('observed clients', () => {
  test('Applicaster: deviceId alone, a header signed for GET /logout, exactly 204', async () => {
    const deviceId = await loggedInDevice(server)
    const authorization =
      'GET requestor_id=REF30, nonce=6a6d8a1e-4f5b-4d0c-9a53-1f1f0f7f5c11, signature_method=HMAC-SHA1, request_time=1700000000000, request_uri=/logout, public_key=abc, signature=c2lnbmF0dXJl'
    const reply = await server.call('DELETE', `/api/v1/logout?deviceId=${deviceId}`, {
      headers: { authorization, accept: 'application/json' },
    })
    assert.equal(reply.status, 204)
    assert.equal(await isLoggedIn(server, deviceId), false)
  })

  test('a Kodi add-on: deviceId, requestor, format=json, no device info', async () => {
    const deviceId = await loggedInDevice(server)
    const path = `/api/v1/logout?deviceId=${deviceId}&requestor=REF30&format=json`
    const reply = await server.call('DELETE', path, {
      headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
    })
    assert.equal(reply.status, 204)
    assert.equal(reply.text, '')
    assert.equal(await isLoggedIn(server, deviceId), false)
  })
})
