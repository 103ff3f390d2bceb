/** What an installation may choose: strictness, access tokens, legacy signatures, formats, errors. */
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { after, before, suite, test } from 'node:test'
import { createAdobePass, type AdobePassOptions } from '../../src/http/dialects/adobe-pass/index.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import {
  accessToken,
  deviceCall,
  deviceInfo,
  errorXml,
  json,
  logIn,
  logOut,
  vendorSample,
} from './adobe-pass-kit.ts'

function startWith(options: Partial<AdobePassOptions>): Promise<TestServer> {
  return startTestServer({ config: { dialects: { adobePass: { options } } } })
}

suite('strict: what the page calls mandatory is mandatory', () => {
  let server: TestServer
  before(async () => {
    server = await startWith({ strict: true })
  })
  after(() => server.close())

  async function refused(path: string, parameter: string, headers = {}): Promise<void> {
    const reply = await server.call('DELETE', path, { headers: { ...json, ...headers } })
    assert.equal(reply.status, 400)
    assert.match(reply.json().message, new RegExp(`'${parameter}'`))
  }

  test('logout without requestor: 400', () =>
    refused('/api/v1/logout?deviceId=x', 'requestor', { 'x-device-info': deviceInfo }))
  test('logout without device information: 400', () =>
    refused('/api/v1/logout?requestor=REF30&deviceId=x', 'device_info'))
  test('logout with the vendor’s own broken sample: 400', () =>
    refused('/api/v1/logout?requestor=REF30&deviceId=x', 'device_info', {
      'x-device-info': vendorSample,
    }))
  test('logout with everything: 204', async () => {
    const headers = { 'x-device-info': deviceInfo }
    assert.equal((await logOut(server, 'x', { requestor: 'REF30' }, headers)).status, 204)
  })
})

suite('requireAccessToken', () => {
  let server: TestServer
  before(async () => {
    server = await startWith({
      requireAccessToken: true,
      softwareStatements: [
        { statement: 'one', requestors: ['REF30'] },
        { statement: 'other', requestors: ['ELSEWHERE'] },
        { statement: 'refused', requestors: ['REF30'], approved: false },
      ],
    })
  })
  after(() => server.close())

  test('without one: 401, and nothing is logged out', async () => {
    const reply = await logOut(server, 'x', { requestor: 'REF30' }, json)
    assert.equal(reply.status, 401)
    assert.equal(reply.text, '{"status":401,"message":"Unauthorized"}')
    assert.equal(reply.headers['outright-revocation'], undefined)
  })

  test('with a legacy header that cannot be verified: 401', async () => {
    const authorization =
      'DELETE requestor_id=REF30, nonce=n, signature_method=HMAC-SHA1, request_time=1, request_uri=/logout, public_key=k, signature=c2ln'
    assert.equal((await logOut(server, 'x', {}, { authorization })).status, 401)
  })

  test('with one: 204', async () => {
    const authorization = `Bearer ${await accessToken(server, 'one')}`
    assert.equal((await logOut(server, 'x', {}, { authorization })).status, 204)
  })

  test('with one for another requestor: 403', async () => {
    const authorization = `Bearer ${await accessToken(server, 'other')}`
    const reply = await logOut(server, 'x', { requestor: 'REF30' }, { ...json, authorization })
    assert.equal(reply.status, 403)
    assert.equal(reply.text, '{"status":403,"message":"Forbidden"}')
  })

  test('an unapproved statement gets none: 400 unapproved_software_statement', async () => {
    const reply = await server.call('POST', '/o/client/register', {
      body: { software_statement: 'refused' },
    })
    assert.equal(reply.text, '{"error":"unapproved_software_statement"}')
  })

  test('a token of another dialect is refused here: 401', async () => {
    const login = await server.call('POST', '/auth/login', {
      body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
    })
    const authorization = `Bearer ${login.json().data.access_token}`
    assert.equal((await logOut(server, 'x', {}, { authorization })).status, 401)
  })
})

suite('legacyKeys: signature headers must verify', () => {
  const secret = 'legacy-secret'
  let server: TestServer
  before(async () => {
    server = await startWith({
      requireAccessToken: true,
      defaultRequestor: 'another',
      legacyKeys: [{ publicKey: 'legacy-public', secret, requestor: 'REF30' }],
    })
  })
  after(() => server.close())

  interface Parts {
    readonly verb?: string
    readonly requestor?: string
    readonly nonce?: string
    readonly time?: number
    readonly uri?: string
    readonly publicKey?: string
    readonly key?: string
  }

  function sign(parts: Parts = {}): string {
    const time = parts.time ?? server.dependencies.clock.nowMs()
    const signed = `${parts.verb ?? 'DELETE'} requestor_id=${parts.requestor ?? 'REF30'}, nonce=${parts.nonce ?? randomUUID()}, signature_method=HMAC-SHA1, request_time=${String(time)}, request_uri=${parts.uri ?? '/logout'}`
    const signature = createHmac('sha1', parts.key ?? secret)
      .update(signed)
      .digest('base64')
    return `${signed}, public_key=${parts.publicKey ?? 'legacy-public'}, signature=${signature}`
  }

  const call = (authorization: string): Promise<Reply> =>
    logOut(server, 'x', {}, { ...json, authorization })

  for (const [name, parts] of [
    ['signed for DELETE /logout', {}],
    ['signed for GET, as an observed client does', { verb: 'GET' }],
    ['signed for the whole path', { uri: '/api/v1/logout' }],
  ] as const) {
    test(`${name}: 204, and the header names the requestor`, async () => {
      assert.equal((await call(sign(parts))).status, 204)
    })
  }

  for (const [name, parts] of [
    ['with another secret', { key: 'guess' }],
    ['with another public key', { publicKey: 'other' }],
    ['for another requestor', { requestor: 'OTHER' }],
    ['for another URI', { uri: '/authorize' }],
    ['in seconds', { time: 1_700_000_000 }],
    ['an hour ago', { time: 1 }],
  ] as const) {
    test(`signed ${name}: 401`, async () => {
      assert.equal((await call(sign(parts))).status, 401)
    })
  }

  test('the same header twice: 401, also for two at once', async () => {
    const header = sign()
    const replies = await Promise.all([call(header), call(header)])
    assert.deepEqual(
      replies.map(({ status }) => status).sort((a, b) => a - b),
      [204, 401],
    )
    assert.equal((await call(header)).status, 401)
  })

  test('cut short: 401', async () => {
    assert.equal((await call(sign().slice(0, 80))).status, 401)
  })
})

suite('formats', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  const inXml = errorXml(403, 'Authentication token expired')
  const inJson = '{"status":403,"message":"Authentication token expired"}'
  for (const [name, path, accept, expected] of [
    ['nothing is asked: XML', '/api/v1/checkauthn', undefined, inXml],
    ['Accept: */*: XML', '/api/v1/checkauthn', '*/*', inXml],
    ['Accept: application/json', '/api/v1/checkauthn', 'application/json', inJson],
    ['Accept by weight', '/api/v1/checkauthn', 'application/xml;q=0.2, application/json', inJson],
    ['Accept by order', '/api/v1/checkauthn', 'application/xml, application/json', inXml],
    ['format before Accept', '/api/v1/checkauthn?format=json', 'application/xml', inJson],
    ['extension before format', '/api/v1/checkauthn.xml?format=json', 'application/json', inXml],
    ['extension alone', '/api/v1/checkauthn.json', undefined, inJson],
  ] as const) {
    test(name, async () => {
      const joint = path.includes('?') ? '&' : '?'
      const reply = await server.call('GET', `${path}${joint}requestor=REF30&deviceId=x`, {
        headers: accept === undefined ? {} : { accept },
      })
      assert.equal(reply.text, expected)
      const type = expected === inJson ? 'application/json' : 'application/xml'
      assert.equal(reply.headers['content-type'], `${type};charset=UTF-8`)
    })
  }

  test('format in a form', async () => {
    const body = new URLSearchParams({ deviceId: 'x', format: 'json' })
    const reply = await server.call('POST', '/reggie/v1/REF30/regcode', { body })
    assert.equal(reply.json().requestor, 'REF30')
  })

  test('defaultFormat: json', async () => {
    const other = await startWith({ defaultFormat: 'json' })
    const reply = await other.call('GET', '/api/v1/checkauthn?requestor=REF30&deviceId=x')
    assert.equal(reply.text, inJson)
    await other.close()
  })
})

suite('enhancedErrors', () => {
  let server: TestServer
  before(async () => {
    server = await startWith({ enhancedErrors: true })
  })
  after(() => server.close())

  const trace = '6b1a8f0e-2d63-4f7f-9c07-0f4a2c2d9b11'
  const headers = { ...json, 'x-request-id': trace }
  const helpUrl =
    'https://experienceleague.adobe.com/docs/pass/authentication/auth-features/error-reportn/enhanced-error-codes.html'

  const rows: readonly (readonly [string, string, number, string, string])[] = [
    ['a missing device id', 'checkauthn?requestor=REF30', 400, 'none', 'invalid_device_id'],
    ['an unknown requestor', 'checkauthn?requestor=X&deviceId=d', 400, 'none', 'invalid_requestor'],
    [
      'no person logged in',
      'checkauthn?deviceId=d',
      403,
      'authentication',
      'authentication_session_missing',
    ],
    [
      'no person logged in, before AuthZ',
      'tokens/authz?deviceId=d&resource=r',
      412,
      'authentication',
      'authentication_session_missing',
    ],
    ['no resource', 'tokens/authz?deviceId=d', 400, 'none', 'missing_resource'],
  ]
  for (const [name, path, status, action, code] of rows) {
    test(`${name}: ${code}`, async () => {
      const reply = await server.call('GET', `/api/v1/${path}`, { headers })
      assert.equal(reply.status, status)
      const body = reply.json()
      assert.deepEqual(Object.keys(body), [
        'action',
        'status',
        'code',
        'message',
        'helpUrl',
        'trace',
      ])
      assert.deepEqual([body.action, body.status, body.code], [action, status, code])
      assert.equal(body.helpUrl, helpUrl)
      assert.equal(body.trace, trace)
    })
  }

  test('in XML', async () => {
    const reply = await server.call('GET', '/api/v1/checkauthn?requestor=X&deviceId=d', {
      headers: { 'x-request-id': trace },
    })
    assert.ok(
      reply.text.endsWith(
        `<error><action>none</action><status>400</status><code>invalid_requestor</code><message>The requestor parameter is missing or invalid.</message><helpUrl>${helpUrl}</helpUrl><trace>${trace}</trace></error>`,
      ),
      reply.text,
    )
  })

  test('a denial, at the top and for one item', async () => {
    await logIn(server, 'device')
    const denied = await deviceCall(server, '/api/v1/authorize', 'device', {
      resource: 'TestStream3',
    })
    assert.equal(denied.json().code, 'authorization_denied_by_mvpd')
    assert.match(denied.json().details, /TestStream3/)
    const items = await deviceCall(server, '/api/v1/preauthorize', 'device', {
      resource: 'TestStream1,TestStream3',
    })
    const [first, second] = items.json().resources
    assert.deepEqual(first, { id: 'TestStream1', authorized: true })
    assert.equal(second.authorized, false)
    assert.equal(second.error.status, 403)
    assert.equal(second.error.code, 'authorization_denied_by_mvpd')
  })

  test('too many resources: the answer is 400, the error says 403', async () => {
    await logIn(server, 'device')
    const reply = await deviceCall(server, '/api/v1/preauthorize', 'device', {
      resource: '1,2,3,4,5,6',
    })
    assert.equal(reply.status, 400)
    assert.equal(reply.json().status, 403)
    assert.equal(reply.json().code, 'too_many_resources')
  })
})

suite('platform SSO', () => {
  test('a profile that verifies logs the device in: 204; one that does not: 400', async () => {
    const secret = 'a-secret-of-thirty-two-characters'
    const platform = {
      boardingStatus: 'SUPPORTED',
      displayInPlatformPicker: true,
      platformMappingId: 'demo',
      requiredMetadataFields: ['zip'],
    } as const
    const server = await startWith({
      mvpds: [{ id: 'DemoMVPD', displayName: 'One', secret, platform }],
      verifyPlatformProfile: (_mvpd, response) =>
        Promise.resolve(response === 'good' ? { userId: 'apple-user' } : undefined),
    })
    const exchange = (response: string): Promise<Reply> =>
      server.call('POST', '/api/v1/tokens/authn', {
        body: new URLSearchParams({
          requestor: 'REF30',
          deviceId: 'apple',
          mvpd: 'DemoMVPD',
          SAMLResponse: response,
        }),
      })
    assert.equal((await exchange('bad')).status, 400)
    assert.equal((await exchange('good')).status, 204)
    const token = await deviceCall(server, '/api/v1/tokens/authn', 'apple')
    assert.equal(token.json().userId, 'apple-user')
    const config = await server.call('GET', '/api/v1/config/REF30.json')
    assert.deepEqual(config.json().requestor.mvpds.mvpd[0].requiredMetadataFields, ['zip'])
    await server.close()
  })
})

suite('options that would break a promise are refused at the start', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
  })
  after(() => server.close())

  const secret = 'a-secret-of-thirty-two-characters'
  for (const [name, options, message] of [
    ['a provider id with a colon', { mvpds: [{ id: 'a:b', displayName: '', secret }] }, /mvpds/],
    ['a short secret', { mvpds: [{ id: 'a', displayName: '', secret: 'x' }] }, /secret/],
  ] as const) {
    test(name, () => {
      const { core, node } = server
      const { clock, random, log } = server.dependencies
      const context = {
        core,
        node,
        clock,
        random,
        log,
        issuer: 'http://127.0.0.1:8080',
        prefix: '',
        rateLimitFactor: 1,
        demo: true,
      }
      assert.throws(() => createAdobePass(context, options), { name: 'TypeError', message })
    })
  }
})

suite('a prefix', () => {
  test('every address that is given out carries it', async () => {
    const server = await startTestServer({ config: { dialects: { adobePass: { prefix: '/tv' } } } })
    const code = (
      await server.call('POST', '/tv/reggie/v1/REF30/regcode?deviceId=x&format=json')
    ).json().code
    const start = `/tv/api/v1/authenticate?reg_code=${code}&requestor_id=REF30&mso_id=DemoMVPD`
    const location = new URL((await server.call('GET', start)).headers['location'] ?? '')
    assert.equal(
      location.searchParams.get('return'),
      'http://127.0.0.1:8080/tv/api/v1/authenticate/callback',
    )
    const lost = await server.call('GET', '/tv/o/client/nothing')
    assert.equal(lost.text, '{"error":"invalid_request"}')
    assert.equal((await server.call('DELETE', '/tv/api/v1/logout?deviceId=x')).status, 204)
    await server.close()
  })
})
