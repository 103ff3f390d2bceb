/** Tokens of another issuer, at a guard and at the node: accepted, and ended by each of their names. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { nextSecond, useIssuers } from './world.ts'

suite('tokens of another issuer', () => {
  const world = useIssuers()
  const issuer = 'keycloak'

  test('they are accepted, with their claims as they are', async () => {
    const token = await world.token({ realm_access: { roles: ['admin'] } })
    assert.equal(await world.verdict(token), 'ok')
    const verdict = await world.guard.check(token)
    assert.ok(verdict.ok)
    assert.deepEqual(verdict.claims['realm_access'], { roles: ['admin'] })
    assert.deepEqual(verdict.claims.aud, ['orders', 'account'])
    assert.equal(verdict.foreign?.issuer, world.idp.url)
  })

  test('a known one is decided without waiting', async () => {
    const token = await world.token()
    assert.equal(await world.verdict(token), 'ok')
    assert.equal(world.guard.checkNow(token)?.ok, true)
  })

  test('an application behind a proxy is told whose request it is', async () => {
    const reply = await world.server.call('GET', '/outright/v1/check', {
      headers: { authorization: `Bearer ${await world.token()}` },
    })
    assert.equal(reply.headers['remote-user'], 'maria')
    assert.equal(reply.headers['outright-session'], 's1')
    assert.equal(reply.headers['outright-client'], 'web')
  })

  test('each end reaches its tokens and no other', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const past = { iat: nowSeconds - 10 }
    for (const [scope, key, own, other] of [
      ['token', 'jt', { jti: 'jt' }, { jti: 'other' }],
      ['session', 'st', { sid: 'st' }, { sid: 'other' }],
      ['subject', 'ann', { sub: 'ann' }, { sub: 'bob' }],
      ['client', 'app', { azp: 'app' }, { azp: 'app2' }],
      ['grant', 'app2 ann2', { azp: 'app2', sub: 'ann2' }, { azp: 'app2', sub: 'bob' }],
    ] as const) {
      const token = await world.token({ ...past, ...own })
      const bystander = await world.token({ ...past, ...other })
      assert.equal(await world.verdict(token), 'ok', scope)
      assert.equal(await world.verdict(bystander), 'ok', scope)
      assert.equal((await world.end({ issuer, scope, key })).status, 201)
      assert.equal(await world.verdict(token), 'revoked', scope)
      assert.equal(await world.verdict(bystander), 'ok', scope)
    }
  })

  test('no token of before survives, and the first of the next second is good', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    const reply = await world.end({ issuer, scope: 'subject', key: 'eve' })
    const cutoff = Date.parse(reply.json().revocation.cutoff) / 1000
    assert.ok(cutoff >= nowSeconds && cutoff <= Math.floor(Date.now() / 1000))
    assert.equal(await world.verdict(await world.token({ sub: 'eve', iat: cutoff })), 'revoked')
    await nextSecond()
    assert.equal(await world.verdict(await world.token({ sub: 'eve', iat: cutoff + 1 })), 'ok')
  })

  test('a refresh of a login of before is dead, however young', async () => {
    const nowSeconds = Math.floor(Date.now() / 1000)
    assert.equal((await world.end({ issuer, scope: 'subject', key: 'kim' })).status, 201)
    await nextSecond()
    const refreshed = { sub: 'kim', sid: 'new', auth_time: nowSeconds - 60 }
    assert.equal(await world.verdict(await world.token(refreshed)), 'revoked')
    assert.equal(await world.verdict(await world.token({ sub: 'kim', sid: 'new' })), 'ok')
  })

  test('what is ended is remembered for as long as its login may last, though the clock is behind', async () => {
    const from = Date.now()
    const backMs = 50 * 365 * 86_400_000
    world.server.advance(-backMs)
    try {
      const reply = await world.end({ issuer, scope: 'session', key: 'sb' })
      assert.equal(reply.status, 201)
      const { at, forgetAfter } = reply.json().revocation
      assert.ok(Date.parse(at) < from - backMs / 2)
      assert.ok(Date.parse(forgetAfter) > from + 86_400_000, forgetAfter)
    } finally {
      world.server.advance(backMs)
    }
  })

  test('a refresh in a session that was ended is dead', async () => {
    assert.equal((await world.end({ issuer, scope: 'session', key: 'se' })).status, 201)
    assert.equal(await world.verdict(await world.token({ sid: 'se' })), 'revoked')
  })

  test('a lock keeps a subject out that the provider lets in', async () => {
    const body = { issuer, scope: 'subject', key: 'lou', lockSeconds: 60 }
    assert.equal((await world.end(body)).status, 201)
    await nextSecond()
    assert.equal(await world.verdict(await world.token({ sub: 'lou', sid: 'x' })), 'revoked')
  })

  test('a token without a name ends by itself, however its signature is written', async () => {
    const token = await world.token({ jti: undefined })
    const other = await world.token({ jti: undefined, sub: 'otto' })
    assert.equal(await world.verdict(token), 'ok')
    const reply = await world.end({ token })
    assert.equal(reply.status, 201)
    assert.match(reply.json().revocation.key, /^sha256:[\da-f]{64}$/)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal(await world.verdict(other), 'ok')
    // The last character of a signature of 256 bytes has four bits that no decoder looks at.
    const rewritten = token.slice(0, -1) + (token.endsWith('w') ? 'x' : nextOf(token.slice(-1)))
    assert.notEqual(await world.verdict(rewritten), 'ok')
  })

  test('an open connection ends with its token', async () => {
    const verdict = await world.guard.check(await world.token({ sid: 'open' }))
    assert.ok(verdict.ok)
    const ended = new Promise<void>((resolve) => {
      world.guard.watch(verdict.claims, resolve)
    })
    assert.equal((await world.end({ issuer, scope: 'session', key: 'open' })).status, 201)
    await ended
  })

  test('everyone of the issuer, and no one of ours', async () => {
    const basic = Buffer.from('maria:maria-demo').toString('base64')
    const login = await world.server.call('POST', '/directlink/v1/auth/login', {
      headers: { authorization: `Basic ${basic}` },
    })
    const own = login.json().bearer as string
    const token = await world.token()
    assert.equal((await world.end({ issuer, scope: 'everyone' })).status, 201)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal(await world.verdict(own), 'ok')
  })
})

/** The next character of base64url. */
function nextOf(character: string): string {
  const all = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return all[(all.indexOf(character) + 1) % 64] ?? ''
}
