/** A TV provider whose tokens are revoked there when a session of its viewer ends. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { CompactEncrypt } from 'jose'
import { admin, SECRET, useMvpds } from './mvpd-logins.ts'
import { clientSecret, openOidcProvider } from './mvpd-providers.ts'

const op = await openOidcProvider()
after(() => {
  op.close()
})
const { server, logIn, logOut, deliveries } = await useMvpds({
  Rfc7009: {
    kind: 'revocation',
    url: `${op.url}/token/revocation`,
    clientId: 'pass',
    clientSecret,
    tokenClaim: 'refresh',
    tokenTypeHint: 'refresh_token',
  },
})

suite('RFC 7009: the token of the login is revoked at the provider', () => {
  const sealed = (token: string) =>
    new CompactEncrypt(new TextEncoder().encode(token))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(createHash('sha256').update(SECRET).digest())

  test('of the device that logged out, and of no other', async () => {
    const [mine, other] = [await op.provider.issue('ann'), await op.provider.issue('ann')]
    await logIn('Rfc7009', 'ann', 'tv-1', { refresh: await sealed(mine) })
    await logIn('Rfc7009', 'ann', 'tv-2', { refresh: await sealed(other) })
    assert.equal((await logOut('tv-1')).status, 204)
    const [told] = await deliveries('Rfc7009', 1)
    assert.deepEqual([told?.state, told?.attempts], ['delivered', 1])
    assert.deepEqual(
      [await op.provider.isGood(mine), await op.provider.isGood(other)],
      [false, true],
    )
    assert.ok(!JSON.stringify(told).includes(mine), 'operators do not read the token')
    // An operator ends the viewer: one message for each login that is left.
    await server.call('POST', '/outright/v1/revocations', {
      headers: admin,
      body: { scope: 'subject', key: 'Rfc7009/ann' },
    })
    await deliveries('Rfc7009', 2)
    assert.equal(await op.provider.isGood(other), false)
  })

  test('a login that brought no token, or an unreadable one: dead, with the reason', async () => {
    await logIn('Rfc7009', 'bob', 'tv-3')
    await logOut('tv-3')
    const [none] = await deliveries('Rfc7009', 3)
    assert.deepEqual(
      [none?.state, none?.lastError],
      ['dead', 'the login brought no token that could be revoked'],
    )
    const bare = await op.provider.issue('bob')
    await logIn('Rfc7009', 'bob', 'tv-14', { refresh: bare })
    await logOut('tv-14')
    const [open] = await deliveries('Rfc7009', 4)
    assert.equal(open?.lastError, 'the login brought no token that could be revoked')
    const stored = await server.store.listSessions({}, Date.now(), {
      limit: 100,
      cursor: undefined,
    })
    assert.ok(!JSON.stringify([stored, open]).includes(bare), 'a token in the clear is not kept')
    const ofAnotherKey = await new CompactEncrypt(new TextEncoder().encode('token'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(new Uint8Array(32))
    await logIn('Rfc7009', 'bob', 'tv-4', { refresh: ofAnotherKey })
    await logOut('tv-4')
    const [unreadable] = await deliveries('Rfc7009', 5)
    assert.deepEqual(
      [unreadable?.state, unreadable?.lastError],
      ['dead', 'the token of the login cannot be decrypted'],
    )
  })
})
