/** What a provider says of a viewer who has logged in there, and what is made of it. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { SignJWT } from 'jose'
import { startTestServer, type TestServer } from '../harness.ts'
import { authenticate, deviceCall, registrationCode } from './adobe-pass-kit.ts'

suite('the provider’s assertion', () => {
  const secret = 'a-secret-of-thirty-two-characters'
  let other: TestServer

  before(async () => {
    const mvpds = [
      { id: 'DemoMVPD', displayName: 'One', loginUrl: 'https://one.example/login', secret },
      {
        id: 'DemoTempPass',
        displayName: 'Two',
        loginUrl: 'https://two.example/login',
        secret: secret.toUpperCase(),
      },
    ]
    other = await startTestServer({ config: { dialects: { adobePass: { options: { mvpds } } } } })
  })
  after(() => other.close())

  interface Wish {
    readonly mvpd?: string
    readonly key?: string
    readonly issuer?: string
    readonly audience?: string
    readonly state?: string
    readonly subject?: string
    readonly ageSeconds?: number
    readonly metadata?: Record<string, unknown>
  }

  async function state(deviceId: string): Promise<string> {
    const started = await authenticate(other, await registrationCode(other, deviceId))
    const location = new URL(started.headers['location'] ?? '')
    assert.equal(location.origin, 'https://one.example')
    assert.equal(
      location.searchParams.get('return'),
      'http://127.0.0.1:8080/api/v1/authenticate/callback',
    )
    return location.searchParams.get('state') ?? ''
  }

  function assertion(asked: string, wish: Wish = {}): Promise<string> {
    const now = Math.floor(other.dependencies.clock.nowMs() / 1000) - (wish.ageSeconds ?? 0)
    return new SignJWT({ state: wish.state ?? asked, metadata: wish.metadata ?? {} })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(wish.issuer ?? 'DemoMVPD')
      .setAudience(wish.audience ?? 'http://127.0.0.1:8080')
      .setSubject(wish.subject ?? 'someone')
      .setIssuedAt(now)
      .setExpirationTime(now + 7200)
      .sign(new TextEncoder().encode(wish.key ?? secret))
  }

  function callBack(asked: string, said: string): ReturnType<TestServer['call']> {
    const query = new URLSearchParams({ state: asked, assertion: said })
    return other.call('GET', `/api/v1/authenticate/callback?${query.toString()}`)
  }

  test('any provider may make one: 200 with a page, and the viewer’s id is the provider’s', async () => {
    const asked = await state('dev-1')
    const reply = await callBack(asked, await assertion(asked, { subject: 'Some One:1' }))
    assert.equal(reply.status, 200)
    assert.match(reply.headers['content-type'] ?? '', /^text\/html/)
    const token = await deviceCall(other, '/api/v1/tokens/authn', 'dev-1')
    assert.equal(token.json().userId, 'Some One:1')
  })

  test('used twice: a clear 400 page, also for two at once', async () => {
    const asked = await state('dev-2')
    const said = await assertion(asked)
    const replies = await Promise.all([callBack(asked, said), callBack(asked, said)])
    assert.deepEqual(
      replies.map(({ status }) => status).sort((a, b) => a - b),
      [200, 400],
    )
    const third = await callBack(asked, said)
    assert.equal(third.status, 400)
    assert.match(third.text, /This login is over/)
  })

  const wishes: readonly (readonly [string, Wish])[] = [
    ['signed with another provider’s secret', { key: secret.toUpperCase() }],
    ['of another provider', { issuer: 'DemoTempPass' }],
    ['for another server', { audience: 'https://elsewhere.example' }],
    ['for another login', { state: 'x'.repeat(32) }],
    ['made too long ago', { ageSeconds: 301 }],
    ['without a person', { subject: '' }],
  ]
  for (const [name, wish] of wishes) {
    test(`${name}: 400, and no person is logged in`, async () => {
      const asked = await state('dev-3')
      const reply = await callBack(asked, await assertion(asked, wish))
      assert.equal(reply.status, 400)
      assert.match(reply.text, /did not confirm this login/)
      assert.equal((await deviceCall(other, '/api/v1/checkauthn', 'dev-3')).status, 403)
    })
  }

  test('unsigned: 400', async () => {
    const asked = await state('dev-4')
    const [, payload] = (await assertion(asked)).split('.')
    const header = Buffer.from('{"alg":"none"}').toString('base64url')
    assert.equal((await callBack(asked, `${header}.${payload ?? ''}.`)).status, 400)
  })

  test('after the login’s ten minutes, and after the code’s life: 400', async () => {
    const late = await state('dev-5')
    other.advance(601_000)
    assert.match((await callBack(late, await assertion(late))).text, /This login is over/)
    const deleted = await registrationCode(other, 'dev-6')
    const started = await authenticate(other, deleted)
    const asked = new URL(started.headers['location'] ?? '').searchParams.get('state') ?? ''
    await other.call('DELETE', `/reggie/v1/REF30/regcode/${deleted}`)
    const reply = await callBack(asked, await assertion(asked))
    assert.equal(reply.status, 400)
    assert.match(reply.text, /This code is over/)
  })

  test('metadata: what XML can name is kept, the rest is dropped', async () => {
    const asked = await state('dev-7')
    const metadata = { zip: ['12345'], '<b>': 'x', constructor: 'y' }
    await callBack(asked, await assertion(asked, { metadata }))
    const reply = await deviceCall(other, '/api/v1/tokens/usermetadata', 'dev-7')
    assert.deepEqual(reply.json().data, { zip: ['12345'], constructor: 'y' })
  })

  test('no metadata: usermetadata answers 404', async () => {
    const asked = await state('dev-8')
    await callBack(asked, await assertion(asked))
    const reply = await deviceCall(other, '/api/v1/tokens/usermetadata', 'dev-8')
    assert.equal(reply.status, 404)
    assert.equal(reply.text, '{"status":404,"message":"Not Found"}')
  })
})
