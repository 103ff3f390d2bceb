/** Logins, codes and refreshes that meet a logout. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as openid from 'openid-client'
import { Browser, maria, sidOf, useOAuth, type Tokens } from './relying-parties.ts'

const world = useOAuth()

const everyone = {
  scope: 'everyone',
  key: '*',
  reason: 'logout_everywhere',
  actor: 'system',
} as const

async function logOut(sid: string): Promise<void> {
  const end = { scope: 'session', key: sid, reason: 'logout', actor: 'system' } as const
  await world.server.core.revoke({ ...end, wait: true })
}

/** What was handed out, and whether it is good for anything. */
async function isGood(client: openid.Configuration, tokens: Tokens): Promise<boolean> {
  if ((await world.server.core.verify(tokens.access_token)).ok) return true
  return openid.refreshTokenGrant(client, tokens.refresh_token ?? '').then(
    () => true,
    () => false,
  )
}

suite('races', () => {
  test('a code exchanged by ten at once: one answer at most, and nothing good comes of it', async () => {
    const shop = await world.as('shop')
    const begun = await world.begin(shop)
    const at = await world.logIn(new Browser(), begun)
    const calls = Array.from({ length: 10 }, () => world.finish(shop, begun, at))
    const answered = (await Promise.allSettled(calls)).filter(
      ({ status }) => status === 'fulfilled',
    )
    assert.equal(answered.length, 1)
    const [only] = answered
    assert.ok(only?.status === 'fulfilled')
    assert.equal(await isGood(shop, only.value), false)
  })

  test('a code after the logout, of the session, the grant or everyone, is good for nothing', async () => {
    const shop = await world.as('shop')
    const { core } = world.server
    for (const end of ['session', 'grant', 'everyone'] as const) {
      const browser = new Browser()
      const before = await world.tokens(browser, shop)
      const begun = await world.begin(shop)
      const at = await world.logIn(browser, begun)
      if (end === 'session') await logOut(sidOf(before))
      else if (end === 'everyone') await core.revoke({ ...everyone, wait: true })
      else {
        const grant = {
          scope: 'grant',
          key: `shop ${before.claims()?.sub ?? ''}`,
          reason: 'revoked_by_client',
        } as const
        await core.revoke({ ...grant, actor: 'client:shop', wait: true })
      }
      await assert.rejects(world.finish(shop, begun, at), { error: 'invalid_grant' }, end)
    }
  })

  test('what comes of an exchange or a refresh at the same time as a logout is dead after it', async () => {
    const shop = await world.as('shop')
    for (let round = 0; round < 5; round++) {
      const browser = new Browser()
      const tokens = await world.tokens(browser, shop)
      const begun = await world.begin(shop)
      const at = await world.logIn(browser, begun)
      const [exchanged, refreshed] = await Promise.allSettled([
        world.finish(shop, begun, at),
        openid.refreshTokenGrant(shop, tokens.refresh_token ?? ''),
        logOut(sidOf(tokens)),
      ])
      for (const outcome of [exchanged, refreshed]) {
        if (outcome.status === 'fulfilled') assert.equal(await isGood(shop, outcome.value), false)
      }
      assert.equal(await isGood(shop, tokens), false)
    }
  })

  test('a login that completes while everyone is logged out is after it, or dead', async () => {
    const news = await world.as('news')
    for (let round = 0; round < 5; round++) {
      const browser = new Browser()
      const begun = await world.begin(news)
      const page = await browser.open(begun.address)
      const ending = world.server.core.revoke({ ...everyone, wait: true })
      const back = await browser.submit(page, maria)
      const { revocation } = await ending
      const tokens = await world.finish(news, begun, back.url).catch(() => undefined)
      if (tokens === undefined) continue
      const verdict = await world.server.core.verify(tokens.access_token)
      if (!verdict.ok) continue
      const { e = 0 } = verdict.claims.gen
      assert.equal(e, revocation.generation)
    }
  })
})
