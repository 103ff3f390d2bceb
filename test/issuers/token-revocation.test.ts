/** `POST /oauth2/revoke` (RFC 7009), for access tokens of every issuer. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Reply } from '../harness.ts'
import { useIssuers } from './world.ts'

suite('POST /oauth2/revoke', () => {
  const world = useIssuers()
  const revoke = (fields: Record<string, string> | string): Promise<Reply> =>
    world.server.call('POST', '/oauth2/revoke', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: typeof fields === 'string' ? fields : new URLSearchParams(fields).toString(),
    })

  test('a token of another issuer ends, and no other of its session', async () => {
    const token = await world.token()
    const other = await world.token()
    assert.equal(await world.verdict(token), 'ok')
    const reply = await revoke({ token, client_id: 'web', token_type_hint: 'access_token' })
    assert.equal(reply.status, 200)
    assert.equal(reply.text, '')
    assert.equal(reply.headers['cache-control'], 'no-store')
    assert.match(reply.headers['outright-confirmed'] ?? '', /^2\/2;/)
    assert.equal(await world.verdict(token), 'revoked')
    assert.equal(await world.verdict(other), 'ok')
    // Once more is as good, and many at once.
    const again = await Promise.all([1, 2, 3].map(() => revoke({ token, client_id: 'web' })))
    assert.deepEqual(
      again.map(({ status }) => status),
      [200, 200, 200],
    )
  })

  test('a token of this server as well', async () => {
    const basic = Buffer.from('maria:maria-demo').toString('base64')
    const login = await world.server.call('POST', '/directlink/v1/auth/login', {
      headers: { authorization: `Basic ${basic}` },
    })
    const token = login.json().bearer as string
    assert.equal(await world.verdict(token), 'ok')
    assert.equal((await revoke({ token, client_id: 'directlink' })).status, 200)
    assert.equal(await world.verdict(token), 'revoked')
  })

  test('a token that was issued to another client stays good', async () => {
    const token = await world.token()
    for (const fields of [{ token, client_id: 'other' }, { token }]) {
      const reply = await revoke(fields)
      assert.equal(reply.status, 400)
      assert.equal(reply.json().error, 'invalid_grant')
    }
    assert.equal(await world.verdict(token), 'ok')
  })

  test('what nobody would accept needs no end: 200', async () => {
    const expired = await world.token({ iat: 1, exp: 2 })
    for (const token of ['not a token', 'a.b.c', expired, 'x'.repeat(9000)]) {
      assert.equal((await revoke({ token, client_id: 'web' })).status, 200)
    }
    assert.equal((await revoke({ token: 'a.b.c', token_type_hint: 'made_up' })).status, 200)
  })

  test('requests that are not good', async () => {
    for (const body of [
      '',
      'client_id=web',
      'token=',
      'token=a&token=a',
      'token=a&client_id=b&client_id=b',
    ]) {
      const reply = await revoke(body)
      assert.equal(reply.status, 400, body)
      assert.equal(reply.json().error, 'invalid_request')
    }
    const get = await world.server.call('GET', '/oauth2/revoke?token=a')
    assert.equal(get.status, 405)
    assert.equal(get.headers['allow'], 'POST')
  })
})
