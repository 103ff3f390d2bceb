/** Operators whose role is what their identity provider says. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Reply } from '../harness.ts'
import { assertProblem } from './api.ts'
import { goThrough, refusedWith, signedInCookie } from './identity-provider.ts'
import { browserWith, signInAs } from './operators.ts'
import { useIdentityProvider, useServer } from './single-sign-on-server.ts'

const provider = await useIdentityProvider()

suite('operators by a claim of the provider', () => {
  const world = useServer(provider, {
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

  test('no operator comes in without a role, and what they had open ends', async () => {
    const open = browserWith(world.server, signedInCookie(await signIn({ groups: ['platform'] })))
    provider.userinfo = { sub: 'kim-1' }
    for (const groups of [[], ['Platform'], ['platform '], ['platform', 7], { platform: true }]) {
      const said = await refusedWith(world.server, await signIn({ groups }), 'no-role')
      assert.match(said, /gives you a role/)
    }
    await refusedWith(world.server, await signIn({}), 'no-role')
    assertProblem(await open.call('GET', '/outright/v1/me'), 401, 'credentials-invalid')
  })

  test('they are named by their verified e-mail address, and take no other operator’s name', async () => {
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
