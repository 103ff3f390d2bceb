/**
 * What signs no operator in at an identity provider that says whatever a test wants, and what signs
 * out.
 */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { SignJWT, UnsecuredJWT, generateKeyPair } from 'jose'
import type { Reply } from '../harness.ts'
import {
  answerOf,
  begin,
  comeBack,
  goThrough,
  refusedWith,
  signedInCookie,
} from './identity-provider.ts'
import { browserWith, signInAs } from './operators.ts'
import { useIdentityProvider, useServer } from './single-sign-on-server.ts'

const provider = await useIdentityProvider()

suite('operators who were added before', () => {
  const world = useServer(provider)
  before(async () => {
    const ana = { name: 'ana', role: 'operator', subject: 'Ana-1' }
    const reply = await world.api('POST', '/operators', ana)
    assert.equal(reply.status, 201, reply.text)
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
    refuses('the userinfo of another person', 'invalid', () => {
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

    test('of one session that overtakes a sign-in ends it where it is that, or names none', async () => {
      await world.api('POST', '/operators', { name: 'eva', role: 'viewer', subject: 'eva-1' })
      const overtaken = async (sid: string | undefined): Promise<number> => {
        provider.claims = { sub: 'eva-1', sid }
        provider.idToken = async (token) => {
          const signed = await provider.sign(token)
          assert.equal((await tell({ sub: 'eva-1', sid: 'ended' })).status, 200)
          return signed
        }
        return (await goThrough(world.server, provider)).status
      }
      assert.deepEqual(
        [await overtaken('another'), await overtaken('ended'), await overtaken(undefined)],
        [303, 401, 401],
      )
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
