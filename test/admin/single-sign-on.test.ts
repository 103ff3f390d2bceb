/** Operators who were added before sign in at an identity provider. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { startTestServer, type Reply } from '../harness.ts'
import { ADMIN_TOKEN, assertProblem } from './api.ts'
import {
  answerOf,
  begin,
  comeBack,
  goThrough,
  refusedWith,
  signedInCookie,
} from './identity-provider.ts'
import { browserWith, PASSWORD, signInAs, submitSignIn } from './operators.ts'
import { useIdentityProvider, useServer } from './single-sign-on-server.ts'

const provider = await useIdentityProvider()

suite('operators who were added before', () => {
  const world = useServer(provider)
  const me = async (reply: Reply) =>
    (await browserWith(world.server, signedInCookie(reply)).call('GET', '/outright/v1/me')).json()

  before(async () => {
    for (const operator of [
      { name: 'ana', role: 'operator', subject: 'Ana-1' },
      { name: 'rui', role: 'viewer', email: 'Rui@Example.com' },
    ]) {
      const reply = await world.api('POST', '/operators', operator)
      assert.equal(reply.status, 201, reply.text)
    }
  })

  test('sign in by their subject, with a session like any other', async () => {
    const page = await world.server.call('GET', '/console/sign-in?return=/console/audit')
    const link = /href="([^"]+)">Sign in with Example ID</.exec(page.text)?.[1]
    assert.equal(link, '/console/sign-in/start?return=%2Fconsole%2Faudit')
    const away = await begin(world.server, '?return=/console/audit')
    assert.deepEqual([...away.asked.keys()].toSorted(), [
      'client_id',
      'code_challenge',
      'code_challenge_method',
      'nonce',
      'redirect_uri',
      'response_type',
      'scope',
      'state',
    ])
    assert.equal(away.asked.get('redirect_uri'), `${world.server.url}/console/sign-in/callback`)
    assert.equal(away.asked.get('code_challenge_method'), 'S256')
    assert.equal(away.asked.get('scope'), 'openid email')
    const reply = await comeBack(world.server, away.cookie, answerOf(provider, away))
    assert.equal(reply.headers['location'], '/console/audit')
    const cookies = reply.headers['set-cookie'] ?? ''
    assert.match(
      cookies,
      /outright-operator=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict/,
    )
    assert.match(cookies, /outright-sign-on=; Max-Age=0/)
    const { name, role } = await me(reply)
    assert.deepEqual([name, role], ['ana', 'operator'])
    const { items } = (await world.api('GET', '/sessions?subject=operator:ana&live=true')).json()
    assert.equal(items[0].client, 'outright:console')
    await world.api('DELETE', `/sessions/${String(items[0].sid)}`)
    const open = browserWith(world.server, signedInCookie(reply))
    assertProblem(await open.call('GET', '/outright/v1/me'), 401, 'credentials-invalid')
  })

  test('sign in by an e-mail address that the provider has verified, and by no other', async () => {
    const email = 'RUI@example.com'
    provider.claims = { sub: 'rui-1', email, email_verified: true }
    assert.equal((await me(await goThrough(world.server, provider))).name, 'rui')
    for (const claims of [
      { email, email_verified: false },
      { email, email_verified: 'true' },
      { email },
      { email: [email], email_verified: true },
    ]) {
      provider.claims = { sub: 'rui-1', ...claims }
      // Of another document: it counts with the address that stands beside it, and that alone.
      provider.userinfo = { sub: 'rui-1', email_verified: true }
      const said = await refusedWith(
        world.server,
        await goThrough(world.server, provider),
        'unknown',
      )
      assert.match(said, /not an operator of this server/)
    }
    provider.claims = { sub: 'rui-1' }
    provider.userinfo = { sub: 'rui-1', email, email_verified: true }
    assert.equal((await me(await goThrough(world.server, provider))).name, 'rui')
  })

  test('a subject is compared to the character, and others are told that they are not operators here', async () => {
    for (const sub of ['ana-1', 'Ana-1 ', 'ana', 'rui@example.com']) {
      provider.claims = { sub }
      await refusedWith(world.server, await goThrough(world.server, provider), 'unknown')
    }
  })

  test('end the session that the browser had before, though it is not sent from another site', async () => {
    provider.claims = { sub: 'Ana-1' }
    const before = await signInAs(world.server, 'by-password', 'viewer')
    const away = await begin(world.server)
    const answer = answerOf(provider, away)
    const reply = await comeBack(world.server, away.cookie, answer, before.cookie)
    assert.equal((await me(reply)).name, 'ana')
    assertProblem(await before.call('GET', '/outright/v1/me'), 401, 'credentials-invalid')
  })

  test('are signed in by no HEAD, which a link checker may send', async () => {
    const away = await begin(world.server)
    const answer = answerOf(provider, away)
    for (const path of ['start', `callback?${answer.toString()}&from-here=`]) {
      const headers = { cookie: away.cookie }
      const reply = await world.server.call('HEAD', `/console/sign-in/${path}`, { headers })
      // It is that of any page of the console: 200 where the console has been built, or 404.
      const page = await world.server.call('HEAD', '/console/no-such-page', { headers })
      assert.equal(reply.status, page.status)
      assert.ok(reply.status !== 303)
      assert.equal(reply.headers['set-cookie'], undefined)
    }
    signedInCookie(await comeBack(world.server, away.cookie, answer))
  })

  test('have no other way in: no password, no passkey', async () => {
    const both = { name: 'eva', role: 'viewer', password: PASSWORD, subject: 'eva' }
    assert.equal((await world.api('POST', '/operators', both)).status, 400)
    assert.equal((await world.api('PATCH', '/operators/ana', { password: PASSWORD })).status, 400)
    assert.equal(
      (await submitSignIn(world.server, { name: 'ana', password: PASSWORD })).status,
      400,
    )
    const ana = browserWith(world.server, signedInCookie(await goThrough(world.server, provider)))
    const page = await ana.call('GET', '/console/passkeys')
    assert.match(page.text, /identity provider/)
    for (const path of ['/console/passkeys', '/console/passkeys/new']) {
      assert.equal((await ana.call('POST', path)).status, 403, path)
    }
  })

  test('a removed operator is signed out and comes in no more; a name that is added again is another', async () => {
    const add = () =>
      world.api('POST', '/operators', { name: 'zoe', role: 'admin', subject: 'zoe-1' })
    await add()
    provider.claims = { sub: 'zoe-1' }
    const open = browserWith(world.server, signedInCookie(await goThrough(world.server, provider)))
    assert.equal((await open.call('GET', '/outright/v1/me')).status, 200)
    assert.equal((await world.api('DELETE', '/operators/zoe')).status, 200)
    assertProblem(await open.call('GET', '/outright/v1/me'), 401, 'credentials-invalid')
    await refusedWith(world.server, await goThrough(world.server, provider), 'unknown')
    await add()
    assertProblem(await open.call('GET', '/outright/v1/me'), 401, 'credentials-invalid')
  })

  test('of one identity there is one operator', async () => {
    const again = { name: 'another', role: 'admin', subject: 'Ana-1' }
    assertProblem(await world.api('POST', '/operators', again), 409, 'conflict')
    const email = { name: 'another', role: 'admin', email: 'RUI@EXAMPLE.COM' }
    assertProblem(await world.api('POST', '/operators', email), 409, 'conflict')
    const { items } = (await world.api('GET', '/operators')).json()
    const rui = items.find(({ name }: { name: string }) => name === 'rui')
    assert.deepEqual([rui.subject, rui.email], [null, 'rui@example.com'])
  })
})

test('without the setting there is no such way', async () => {
  const server = await startTestServer()
  try {
    const page = await server.call('GET', '/console/sign-in')
    assert.doesNotMatch(page.text, /sign-in\/start/)
    assert.equal((await server.call('POST', '/console/backchannel-logout')).status, 405)
    const reply = await server.call('POST', '/outright/v1/operators', {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      body: { name: 'ana', role: 'viewer', subject: 'ana-1' },
    })
    assert.equal(reply.status, 400)
    assert.match(reply.text, /operators\.singleSignOn/)
  } finally {
    await server.close()
  }
})
