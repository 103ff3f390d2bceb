/**
 * A key that its issuer has dropped is gone from one node while guards and other nodes have it for
 * some minutes more. What is ended meanwhile must be over for them as well.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { useIssuers } from './world.ts'

/** Longer than the pause between two questions for a key that is not known. */
const HEARD_WITHIN_MS = 30_000

suite('a token whose key was dropped', () => {
  const world = useIssuers()

  async function isGoodAtNode(token: string): Promise<boolean> {
    const headers = { authorization: `Bearer ${token}` }
    return (await world.server.call('GET', '/outright/v1/check', { headers })).status === 200
  }

  test('is ended for the guard that has the key still', async () => {
    const [revoked, ended] = [
      await world.token({ jti: 'r', azp: undefined }),
      await world.token({ jti: 'e' }),
    ]
    for (const token of [revoked, ended]) assert.equal(await world.verdict(token), 'ok')

    await world.idp.rotate(false)
    const later = await world.token()
    const deadline = performance.now() + HEARD_WITHIN_MS
    while (!(await isGoodAtNode(later))) {
      assert.ok(performance.now() < deadline, 'the node does not hear of the new key')
      await sleep(100)
    }
    for (const token of [revoked, ended]) {
      assert.equal(await isGoodAtNode(token), false, 'the node has dropped it')
      assert.equal((await world.guard.check(token)).ok, true, 'and the guard has not')
    }

    const revocation = await world.server.call('POST', '/oauth2/revoke', {
      body: new URLSearchParams({ token: revoked }),
    })
    assert.equal(revocation.status, 200)
    assert.match(String(revocation.headers['outright-confirmed']), /^(\d+)\/\1;lapsed=0/)
    assert.deepEqual(await world.guard.check(revoked), { ok: false, reason: 'revoked' })
    assert.equal((await world.end({ token: ended })).status, 201)
    assert.equal((await world.guard.check(ended)).ok, false)
    assert.equal(await isGoodAtNode(revoked), false)
  })
})
