/** Operators sign in at an identity provider, which here says whatever a test wants. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, suite, test } from 'node:test'
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose'
import type { ConfigFile } from '../../src/server/config.ts'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { ADMIN_TOKEN, assertProblem } from './api.ts'
import {
  answerOf,
  begin,
  CLIENT_SECRET,
  comeBack,
  goThrough,
  refusedWith,
  signedInCookie,
  startIdentityProvider,
  type IdentityProvider,
} from './identity-provider.ts'
import { browserWith, PASSWORD, signInAs, submitSignIn } from './operators.ts'

let provider: IdentityProvider
before(async () => {
  provider = await startIdentityProvider()
})
after(() => provider.close())
beforeEach(() => {
  provider.claims = { sub: 'Ana-1', sid: 'there-1' }
  provider.userinfo = {}
  provider.idToken = undefined
  provider.answer = undefined
})

type Given = NonNullable<NonNullable<ConfigFile['operators']>['singleSignOn']>

function useServer(more: Partial<Given> = {}): { readonly server: TestServer; readonly api: Api } {
  let server: TestServer | undefined
  before(async () => {
    const singleSignOn = {
      title: 'Example ID',
      issuer: provider.url,
      clientId: 'outright',
      clientSecret: CLIENT_SECRET,
      scopes: ['email'],
      ...more,
    }
    server = await startTestServer({
      publicUrlIsOwn: true,
      config: { operators: { singleSignOn } },
    })
  })
  after(() => server?.close())
  const running = (): TestServer => server ?? assert.fail('it has not started')
  return {
    get server() {
      return running()
    },
    api: (method, path, body) =>
      running().call(method, `/outright/v1${path}`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
        ...(body === undefined ? {} : { body }),
      }),
  }
}

type Api = (method: string, path: string, body?: object) => Promise<Reply>

suite('operators who were added before', () => {
  const world = useServer()
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

  test('a subject is compared to the character, and others are told that they are nobody here', async () => {
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

  test('are signed in by no HEAD, which somebody may send who only looks', async () => {
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

  suite('are let in by nothing but the answer to what they asked', () => {
    const refuses = (name: string, problem: string, act: () => Promise<Reply>): void => {
      test(name, async () => {
        await refusedWith(world.server, await act(), problem)
        // What was good before still is.
        provider.idToken = undefined
        provider.answer = undefined
        provider.claims = { sub: 'Ana-1' }
        provider.userinfo = {}
        signedInCookie(await goThrough(world.server, provider))
      })
    }
    const changed = async (change: (answer: URLSearchParams) => void): Promise<Reply> => {
      const away = await begin(world.server)
      const answer = answerOf(provider, away)
      change(answer)
      return comeBack(world.server, away.cookie, answer)
    }

    refuses('another state', 'expired', () =>
      changed((answer) => {
        answer.set('state', 'another')
      }),
    )
    refuses('another browser', 'expired', async () => {
      const away = await begin(world.server)
      const another = await begin(world.server)
      return comeBack(world.server, another.cookie, answerOf(provider, away))
    })
    refuses('a browser that was sent nowhere', 'expired', async () =>
      comeBack(world.server, '', answerOf(provider, await begin(world.server))),
    )
    refuses('an answer that comes twice', 'expired', async () => {
      const away = await begin(world.server)
      const answer = answerOf(provider, away)
      signedInCookie(await comeBack(world.server, away.cookie, answer))
      return comeBack(world.server, away.cookie, answer)
    })
    refuses('one that comes late', 'expired', async () => {
      const away = await begin(world.server)
      world.server.advance(600_001)
      return comeBack(world.server, away.cookie, answerOf(provider, away))
    })
    refuses('a code that was used', 'invalid', () =>
      changed((answer) => {
        answer.set('code', 'used')
      }),
    )
    refuses('a code that was begun elsewhere (PKCE)', 'invalid', async () => {
      const [mine, theirs] = [await begin(world.server), await begin(world.server)]
      const answer = answerOf(provider, mine)
      answer.set('code', answerOf(provider, theirs).get('code') ?? '')
      return comeBack(world.server, mine.cookie, answer)
    })
    refuses('the answer of another issuer', 'invalid', () =>
      changed((answer) => {
        answer.set('iss', 'https://another.example')
      }),
    )
    refuses('an answer that does not say whose it is', 'invalid', () =>
      changed((answer) => {
        answer.delete('iss')
      }),
    )
    refuses('a refusal', 'refused', () =>
      changed((answer) => {
        answer.delete('code')
        answer.set('error', 'access_denied')
      }),
    )

    const token = (name: string, claims: object): void => {
      refuses(`an ID token ${name}`, 'invalid', () => {
        provider.claims = { sub: 'Ana-1', ...claims }
        return goThrough(world.server, provider)
      })
    }
    token('with another nonce', { nonce: 'another' })
    token('without a nonce', { nonce: undefined })
    token('for another client', { aud: 'another' })
    token('for several clients, and issued to another', { aud: ['outright', 'b'], azp: 'b' })
    token('of another issuer', { iss: 'https://another.example' })
    token('that has expired', { exp: Math.floor(Date.now() / 1000) - 3600 })
    token('without a subject', { sub: undefined })
    refuses('an ID token with another signature', 'invalid', async () => {
      const { privateKey } = await generateKeyPair('RS256')
      provider.idToken = (claims) =>
        new SignJWT({ iss: provider.url, ...claims })
          .setProtectedHeader({ alg: 'RS256', kid: 'key-1' })
          .setIssuedAt()
          .setExpirationTime('5m')
          .sign(privateKey)
      return goThrough(world.server, provider)
    })
    refuses('an ID token without a signature', 'invalid', () => {
      provider.idToken = (claims) =>
        Promise.resolve(
          new UnsecuredJWT({ iss: provider.url, ...claims })
            .setIssuedAt()
            .setExpirationTime('5m')
            .encode(),
        )
      return goThrough(world.server, provider)
    })
    refuses('the userinfo of somebody else', 'invalid', () => {
      provider.claims = { sub: 'Ana-1' }
      provider.userinfo = { sub: 'somebody-else' }
      return goThrough(world.server, provider)
    })
    refuses('a provider that does not answer any more', 'unreachable', async () => {
      const away = await begin(world.server)
      provider.answer = (request) => {
        request.socket.destroy()
      }
      return comeBack(world.server, away.cookie, answerOf(provider, away))
    })
    refuses('a provider that leads elsewhere', 'invalid', async () => {
      const away = await begin(world.server)
      provider.answer = (_, response) => {
        response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
      }
      return comeBack(world.server, away.cookie, answerOf(provider, away))
    })
  })

  test('a provider that is down leaves the page with its password fields', async () => {
    provider.answer = (_, response) => {
      response.writeHead(503).end()
    }
    const reply = await world.server.call('GET', '/console/sign-in/start?return=/console/audit')
    const said = await refusedWith(world.server, reply, 'unreachable')
    assert.match(said, /does not answer/)
    assert.match(reply.headers['location'] ?? '', /return=%2Fconsole%2Faudit/)
    await signInAs(world.server, 'by-password', 'viewer')
  })

  test('metadata that lead to an address of the inside are not followed', async () => {
    const { metadata } = provider
    const tokenEndpoint = metadata['token_endpoint']
    for (const [endpoint, problem] of [
      ['https://169.254.169.254/token', 'unreachable'],
      ['http://idp.example/token', 'invalid'],
    ] as const) {
      metadata['token_endpoint'] = endpoint
      await refusedWith(world.server, await goThrough(world.server, provider), problem)
    }
    metadata['token_endpoint'] = tokenEndpoint
    signedInCookie(await goThrough(world.server, provider))
  })

  suite('a logout at the provider', () => {
    const tell = async (claims: object): Promise<Reply> => {
      // The clock of this server was put forward above.
      const exp = Math.floor(Date.now() / 1000) + 86_400
      const token = await provider.logoutToken({ exp, ...claims })
      return world.server.call('POST', '/console/backchannel-logout', {
        body: new URLSearchParams({ logout_token: token }),
      })
    }
    const signIn = async (sid: string, sub = 'Ana-1') => {
      provider.claims = { sub, sid }
      const reply = await goThrough(world.server, provider)
      return browserWith(world.server, signedInCookie(reply))
    }
    const status = async (browser: Awaited<ReturnType<typeof signIn>>) =>
      (await browser.call('GET', '/outright/v1/me')).status

    test('ends what came of that login, and nothing else, each time it is told', async () => {
      const [one, other] = [await signIn('one'), await signIn('other')]
      for (let time = 0; time < 2; time++) {
        const reply = await tell({ sub: 'Ana-1', sid: 'one' })
        assert.equal(reply.status, 200, reply.text)
        assert.deepEqual([await status(one), await status(other)], [401, 200])
      }
      const { items } = (await world.api('GET', '/revocations?limit=1')).json()
      assert.equal(items[0].reason, 'upstream_logout')
      assert.equal(items[0].actor, `issuer:${provider.url}`)
    })

    test('of a person ends all of theirs', async () => {
      const open = [await signIn('a'), await signIn('b')]
      assert.equal((await tell({ sub: 'somebody-else' })).status, 200)
      assert.deepEqual(await Promise.all(open.map(status)), [200, 200])
      assert.equal((await tell({ sub: 'Ana-1' })).status, 200)
      assert.deepEqual(await Promise.all(open.map(status)), [401, 401])
    })

    test('that overtakes its sign-in ends that', async () => {
      for (const claims of [{ sid: 'fast' }, { sub: 'Ana-1' }]) {
        provider.claims = { sub: 'Ana-1', sid: 'fast' }
        provider.idToken = async (token) => {
          const signed = await provider.sign(token)
          assert.equal((await tell(claims)).status, 200)
          return signed
        }
        const reply = await goThrough(world.server, provider)
        assert.notEqual(reply.status, 303)
        assert.ok(!(reply.headers['set-cookie'] ?? '').includes('outright-operator='))
        const { items } = (
          await world.api('GET', '/sessions?subject=operator:ana&live=true')
        ).json()
        assert.deepEqual(items, [])
        world.server.advance(2000)
      }
    })

    test('is believed of the provider alone', async () => {
      await world.api('POST', '/operators', { name: 'kai', role: 'admin', subject: 'kai-1' })
      const open = await signIn('kept', 'kai-1')
      for (const claims of [
        { aud: 'another', sid: 'kept' },
        { iss: 'https://another.example', sid: 'kept' },
        { nonce: 'n', sid: 'kept' },
        { events: {}, sid: 'kept' },
        {},
      ]) {
        assert.equal((await tell(claims)).status, 400)
      }
      const idToken = await provider.sign({ aud: 'outright', sub: 'kai-1', sid: 'kept' })
      for (const body of [{ logout_token: idToken }, { logout_token: 'x' }, {}]) {
        const reply = await world.server.call('POST', '/console/backchannel-logout', {
          body: new URLSearchParams(body as Record<string, string>),
        })
        assert.equal(reply.status, 400)
        assert.equal(reply.headers['content-type'], 'application/json')
      }
      assert.equal(await status(open), 200)
    })
  })
})

suite('operators by a claim of the provider', () => {
  const world = useServer({
    scopes: ['email', 'groups'],
    roles: { claim: 'groups', viewer: ['staff'], operator: ['support'], admin: ['platform'] },
  })
  const signIn = async (claims: object): Promise<Reply> => {
    provider.claims = { sub: 'kim-1', ...claims }
    return goThrough(world.server, provider)
  }
  const roleAfter = async (claims: object): Promise<unknown> => {
    const browser = browserWith(world.server, signedInCookie(await signIn(claims)))
    return (await browser.call('GET', '/outright/v1/me')).json().role
  }

  test('their role is that of this sign-in, and of several the one that may least', async () => {
    assert.equal(await roleAfter({ groups: ['support'] }), 'operator')
    assert.equal(await roleAfter({ groups: ['platform', 'others'] }), 'admin')
    assert.equal(await roleAfter({ groups: 'staff' }), 'viewer')
    assert.equal(await roleAfter({ groups: ['platform', 'staff'] }), 'viewer')
    provider.userinfo = { sub: 'kim-1', groups: ['support'] }
    assert.equal(await roleAfter({}), 'operator')
    assert.equal(await roleAfter({ groups: ['platform'] }), 'admin')
  })

  test('nobody comes in without a role, and what they had open ends', async () => {
    const open = browserWith(world.server, signedInCookie(await signIn({ groups: ['platform'] })))
    provider.userinfo = { sub: 'kim-1' }
    for (const groups of [[], ['Platform'], ['platform '], ['platform', 7], { platform: true }]) {
      const said = await refusedWith(world.server, await signIn({ groups }), 'no-role')
      assert.match(said, /gives you a role/)
    }
    await refusedWith(world.server, await signIn({}), 'no-role')
    assertProblem(await open.call('GET', '/outright/v1/me'), 401, 'credentials-invalid')
  })

  test('they are named by their verified e-mail address, and take nobody’s name', async () => {
    const nameOf = async (claims: object) => {
      const reply = await signIn({ groups: ['staff'], ...claims })
      const browser = browserWith(world.server, signedInCookie(reply))
      return (await browser.call('GET', '/outright/v1/me')).json().name
    }
    const email = 'Lou@Example.com'
    provider.userinfo = {}
    assert.equal(await nameOf({ sub: 'lou-1', email, email_verified: true }), 'lou@example.com')
    // The same person, whatever address they have by now.
    assert.equal(
      await nameOf({ sub: 'lou-1', email: 'x@y.z', email_verified: true }),
      'lou@example.com',
    )
    assert.equal(await nameOf({ sub: 'max-1', email, email_verified: false }), 'max-1')
    assert.match(await nameOf({ sub: 'Mia|1', email: null }), /^sign-on-[0-9a-f]{16}$/)
    await signInAs(world.server, 'boss', 'admin')
    for (const claims of [{ sub: 'boss' }, { sub: 'not-lou', email, email_verified: true }]) {
      provider.userinfo = { sub: claims.sub }
      const reply = await signIn({ groups: ['staff'], ...claims })
      await refusedWith(world.server, reply, 'name-taken')
    }
    assert.equal((await world.server.core.operators.find('boss'))?.role, 'admin')
  })

  test('of 8 first sign-ins at once there is one operator', async () => {
    provider.claims = { sub: 'new-1', groups: ['staff'], email: 'new@e.com', email_verified: true }
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => goThrough(world.server, provider)),
    )
    for (const reply of replies) signedInCookie(reply)
    const { items } = (await world.api('GET', '/operators?limit=100')).json()
    const added = items.filter(({ subject }: { subject: string }) => subject === 'new-1')
    assert.deepEqual(
      added.map(({ name }: { name: string }) => name),
      ['new@e.com'],
    )
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
