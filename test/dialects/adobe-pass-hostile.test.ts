/**
 * Input that means harm, and parts that fail: the answer keeps its form, and a failure is never a
 * success.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import fc from 'fast-check'
import { Refusal } from '../../src/domain/failure.ts'
import { createAdobePass } from '../../src/http/dialects/adobe-pass/index.ts'
import type { SurfaceRequest } from '../../src/http/surface.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import {
  accessToken,
  deviceCall,
  errorXml,
  json,
  logIn,
  logOut,
  xml,
  verdictOf,
} from './adobe-pass-kit.ts'

let server: TestServer

before(async () => {
  server = await startTestServer({ config: { rateLimitFactor: 10_000 } })
})
after(() => server.close())

suite('device information', () => {
  const huge = 'A'.repeat(12_000)
  const hostile: readonly (readonly [string, string])[] = [
    ['as long as a header may be', huge],
    ['broken percent-encoding', '%E0%A4%A'],
    ['base64 of bytes that are no UTF-8', Buffer.from([0xff, 0xfe]).toString('base64')],
    ['base64 of a list', Buffer.from('[1,2]').toString('base64')],
    ['base64 of null', Buffer.from('null').toString('base64')],
    ['a prototype for a field', Buffer.from('{"__proto__":{"model":"x"}}').toString('base64')],
    [
      'an object where text is meant',
      Buffer.from('{"primaryHardwareType":{"toString":1}}').toString('base64'),
    ],
    ['nested deep', Buffer.from('['.repeat(3000) + ']'.repeat(3000)).toString('base64')],
  ]
  for (const [name, value] of hostile) {
    test(`${name}: the logout works`, async () => {
      await logIn(server, `info-${name}`)
      const headers = { 'x-device-info': value }
      const reply = await logOut(server, `info-${name}`, { requestor: 'REF30' }, headers)
      assert.equal(reply.status, 204)
      assert.equal((await deviceCall(server, '/api/v1/checkauthn', `info-${name}`)).status, 403)
    })
  }

  test('a megabyte in a body: 413 in this dialect’s form', async () => {
    const body = new URLSearchParams({ deviceId: 'x', device_info: 'A'.repeat(1_048_576) })
    const reply = await server.call('POST', '/reggie/v1/REF30/regcode', { body, headers: json })
    assert.equal(reply.status, 413)
    assert.equal(reply.text, '{"status":413,"message":"Payload Too Large"}')
  })

  test('device types are cut to size and told apart up to a hundred', async () => {
    const one = await startTestServer({ oneNode: true })
    for (let index = 0; index < 130; index++) {
      const deviceType = `type"\n${String(index)}-${'x'.repeat(100)}`
      await deviceCall(one, '/api/v1/checkauthn', 'types', { deviceType })
    }
    const { text } = await one.call('GET', '/metrics')
    await one.close()
    const types = [...text.matchAll(/call="checkauthn",cdt="([^"]*)"/g)].map(([, type]) => type)
    assert.ok(types.length <= 101, String(types.length))
    assert.ok(types.includes('Other'))
    assert.ok(types.every((type) => (type?.length ?? 0) <= 32))
  })
})

suite('parameters', () => {
  test('deviceId twice with two values: 400, and neither is logged out', async () => {
    await logIn(server, 'twice-a')
    await logIn(server, 'twice-b')
    const path = '/api/v1/logout?requestor=REF30&deviceId=twice-a&deviceId=twice-b'
    assert.equal((await server.call('DELETE', path)).status, 400)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'twice-a')).status, 200)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'twice-b')).status, 200)
  })

  test('deviceId in the query and another in the body: 400', async () => {
    const body = new URLSearchParams({ deviceId: 'other' })
    const path = '/reggie/v1/REF30/regcode?deviceId=one'
    assert.equal((await server.call('POST', path, { body })).status, 400)
  })

  test('device ids whose bytes are not UTF-8 are refused, not made the same', async () => {
    const path = '/api/v1/logout?requestor=REF30&deviceId='
    assert.equal((await server.call('DELETE', `${path}%FF`)).status, 400)
    assert.equal((await server.call('DELETE', `${path}%FE`)).status, 400)
  })

  test('a device id of 1025 characters: 400; of 1024: 204', async () => {
    assert.equal((await logOut(server, 'd'.repeat(1025))).status, 400)
    assert.equal((await logOut(server, 'd'.repeat(1024))).status, 204)
  })

  test('device ids that differ in case, space or a zero byte are different devices', async () => {
    const ids = ['Tv', 'tv', ' tv', 'tv ', 'tv\u0000', 'tv/x', '../tv', 'REF30/tv']
    for (const id of ids) await logIn(server, id)
    await logOut(server, 'tv')
    for (const id of ids) {
      const { status } = await deviceCall(server, '/api/v1/checkauthn', id)
      assert.equal(status, id === 'tv' ? 403 : 200, JSON.stringify(id))
    }
  })

  test('a form that is not UTF-8: 400', async () => {
    const reply = await server.call('POST', '/reggie/v1/REF30/regcode', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from([0x64, 0x3d, 0xff, 0xfe]),
    })
    assert.equal(reply.status, 400)
  })
})

/**
 * The text of an authorization's resource. That there is one element of that name, that its text
 * holds no tag, and that every `&` begins a reference, is what makes it one.
 */
function resourceOf(document: string): string {
  const form =
    /^<\?xml version="1\.0" encoding="UTF-8" standalone="yes"\?><authorization><expires>\d{13}<\/expires><mvpd>DemoMVPD<\/mvpd><requestor>REF30<\/requestor><resource>((?:[^<&]|&(?:lt|gt|amp|quot|apos);)*)<\/resource><\/authorization>$/
  const text = form.exec(document)?.[1]
  assert.ok(text !== undefined, document)
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/)
  const references = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }
  return text.replaceAll(
    /&(\w+);/g,
    (_, name: string) => references[name as keyof typeof references],
  )
}

suite('markup in names', () => {
  const names = [
    '</resource><authorized>true</authorized>',
    '<![CDATA[x]]>',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>&b;',
    '"\'&<>',
    'a\u0000b\u0008c\uFFFEd',
    '<rss version="2.0"><channel><title>REF30</title></channel></rss>',
  ]
  for (const [index, resource] of names.entries()) {
    test(`resource ${String(index + 1)} comes back as the text that it is`, async () => {
      await logIn(server, 'markup')
      const reply = await deviceCall(server, '/api/v1/authorize', 'markup', { resource }, xml)
      assert.equal(reply.status, 200)
      assert.equal(
        resourceOf(reply.text),
        // oxlint-disable-next-line no-control-regex
        resource.replaceAll(/[\u0000\u0008\uFFFE]/g, '\uFFFD'),
      )
      const inJson = await deviceCall(server, '/api/v1/authorize', 'markup', { resource })
      assert.equal(inJson.json().resource, resource)
    })
  }

  test('whatever the resource, the XML is well-formed and the JSON gives it back', async () => {
    await logIn(server, 'any-resource')
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
        async (resource) => {
          const inXml = await deviceCall(
            server,
            '/api/v1/authorize',
            'any-resource',
            { resource },
            xml,
          )
          resourceOf(inXml.text)
          const inJson = await deviceCall(server, '/api/v1/authorize', 'any-resource', { resource })
          assert.equal(inJson.json().resource, resource.toWellFormed())
        },
      ),
      { numRuns: 50 },
    )
  })
})

suite('paths', () => {
  for (const path of [
    '/reggie/v1/REF30%2F..%2FX/regcode',
    '/reggie/v1/..%2f..%2fetc/regcode',
    '/reggie/v1/%00/regcode',
    `/reggie/v1/${'R'.repeat(200)}/regcode`,
  ]) {
    test(`${path.slice(0, 40)}: 400`, async () => {
      assert.equal((await server.call('POST', `${path}?deviceId=x`)).status, 400)
    })
  }

  test('a code of another requestor is not found by a trick in the path', async () => {
    const reply = await server.call('GET', '/reggie/v1/REF30/regcode/REF30%20ABCDEFG')
    assert.equal(reply.status, 404)
    assert.equal(reply.text, errorXml(404, 'Not found'))
  })

  test('broken percent-encoding in the path: an error in this dialect’s form', async () => {
    const reply = await server.call('GET', '/reggie/v1/REF30/regcode/%E0%A4%A')
    assert.ok(reply.status === 400 || reply.status === 404)
    assert.match(reply.headers['content-type'] ?? '', /^application\/xml/)
  })
})

suite('credentials', () => {
  const unsigned = (claims: object): string =>
    `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`

  const headers: readonly (readonly [string, string])[] = [
    ['alg none', `Bearer ${unsigned({ aud: 'adobe-pass-dcr', requestors: ['REF30'] })}`],
    ['Basic', 'Basic bWFyaWE6bWFyaWEtZGVtbw=='],
    ['an unknown scheme', 'Digest x'],
    ['no token', 'Bearer '],
    ['a token that is not one', 'Bearer <xml/>'],
    ['a header of 9000 characters', `Bearer ${'a'.repeat(9000)}`],
  ]
  for (const [name, authorization] of headers) {
    test(`${name}: 401, and nothing is logged out`, async () => {
      await logIn(server, 'credentials')
      const reply = await logOut(server, 'credentials', { requestor: 'REF30' }, { authorization })
      assert.equal(reply.status, 401)
      assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'credentials')).status, 200)
    })
  }

  test('a media token is not an access token, nor the other way round', async () => {
    await logIn(server, 'kinds')
    const resource = { resource: 'r' }
    await deviceCall(server, '/api/v1/authorize', 'kinds', resource)
    const media = await deviceCall(server, '/api/v1/tokens/media', 'kinds', resource)
    const token = Buffer.from(media.json().serializedToken, 'base64').toString()
    const authorization = `Bearer ${token}`
    assert.equal((await logOut(server, 'kinds', {}, { authorization })).status, 401)
    const access = await accessToken(server)
    const verdict = await verdictOf(server, access, 'adobe-pass')
    assert.deepEqual(verdict, { ok: false, reason: 'invalid' })
  })
})

suite('a requestor that is disabled', () => {
  test('may log devices out, and nothing else', async () => {
    await logIn(server, 'disabled')
    await server.store.updateClient('REF30', { status: 'disabled' })
    const check = await deviceCall(server, '/api/v1/checkauthn', 'disabled')
    const out = await logOut(server, 'disabled')
    await server.store.updateClient('REF30', { status: 'active' })
    assert.equal(check.status, 403)
    assert.equal(out.status, 204)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'disabled')).status, 403)
  })
})

suite('parts that fail', () => {
  /** The dialect over the real server's core, with one verb of it replaced. */
  async function logOutWith(
    revoke: typeof server.core.revoke,
  ): Promise<{ readonly status: number; readonly body: string; readonly receipt: boolean }> {
    const { clock, random, log } = server.dependencies
    const dialect = createAdobePass({
      core: { ...server.core, revoke },
      node: server.node,
      clock,
      random,
      log,
      issuer: 'http://127.0.0.1:8080',
      prefix: '',
      rateLimitFactor: 1,
      demo: true,
    })
    const route = dialect.routes.find(
      ({ method, path }) => method === 'DELETE' && path === '/api/v1/logout',
    )
    const request: SurfaceRequest = {
      method: 'DELETE',
      path: '/api/v1/logout',
      params: {},
      query: new URLSearchParams({ requestor: 'REF30', deviceId: 'failing', format: 'json' }),
      header: () => undefined,
      headerCount: () => 0,
      body: Buffer.alloc(0),
      clientAddress: '127.0.0.1',
      requestId: 'request',
      publicUrl: 'http://127.0.0.1:8080',
      waitForConfirmation: true,
    }
    assert.ok(route)
    let answer
    try {
      answer = await route.handle(request)
    } catch (error) {
      assert.ok(error instanceof Refusal)
      answer = dialect.renderFailure(error.failure, request)
    }
    const body = answer.body ?? ''
    assert.ok(typeof body === 'string')
    return { status: answer.status, body, receipt: answer.receipt !== undefined }
  }

  test('a store that cannot store: 503, never 204', async () => {
    await logIn(server, 'failing')
    const failure = { kind: 'store_unavailable', reason: 'disk full' } as const
    const reply = await logOutWith(() => Promise.reject(new Refusal(failure)))
    assert.equal(reply.status, 503)
    assert.equal(reply.body, '{"status":503,"message":"Service Unavailable"}')
    assert.equal(reply.receipt, false)
    assert.equal((await deviceCall(server, '/api/v1/checkauthn', 'failing')).status, 200)
  })

  test('a logout and a login at once: afterwards the device is in one of the two states, wholly', async () => {
    for (let round = 0; round < 10; round++) {
      const deviceId = `race-${String(round)}`
      await logIn(server, deviceId)
      await Promise.all([
        logOut(server, deviceId),
        logIn(server, deviceId),
        logOut(server, deviceId),
      ])
      const resource = { resource: 'r' }
      const check = await deviceCall(server, '/api/v1/checkauthn', deviceId)
      const authorized = await deviceCall(server, '/api/v1/authorize', deviceId, resource)
      assert.equal(authorized.status, check.status)
      await logOut(server, deviceId)
      assert.equal((await deviceCall(server, '/api/v1/checkauthn', deviceId)).status, 403)
    }
  })
})
