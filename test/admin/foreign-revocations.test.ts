/** `POST /revocations` about the tokens of other issuers. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { WireRevoked } from '../../src/protocol/admin-api.ts'
import type { Reply } from '../harness.ts'
import { assertProblem, useApi } from './api.ts'

const keycloak = 'https://sso.example/realms/shop'
const auth0 = 'https://shop.auth0.example/'
const day = 86_400

suite('revocations of other issuers', () => {
  const api = useApi({
    config: {
      issuers: [
        { name: 'keycloak', issuer: keycloak, profile: 'keycloak', audience: ['orders'] },
        {
          name: 'auth0',
          issuer: auth0,
          profile: 'auth0',
          audience: ['orders'],
          maxTokenLifeMs: 3600_000,
          maxSessionMs: day * 1000,
          clockSkewMs: 0,
        },
      ],
    },
  })
  const end = (body: object): Promise<Reply> => api.post('/revocations', body)
  const secondOf = (text: string | null): number => Date.parse(text ?? '') / 1000

  test('an issuer is named by its name or by its iss, and stands in the entry', async () => {
    for (const issuer of ['keycloak', keycloak]) {
      const reply = await end({ issuer, scope: 'session', key: `session of ${issuer}` })
      assert.equal(reply.status, 201)
      const { revocation, receipt } = reply.json() as WireRevoked
      assert.equal(revocation.issuer, keycloak)
      assert.equal(revocation.cutoff, null)
      assert.equal(receipt.confirmed, true)
    }
  })

  test('a subject ends up to the second that the issuer’s clock may show', async () => {
    const before = Math.floor(Date.now() / 1000)
    const { revocation } = (
      await end({ issuer: 'keycloak', scope: 'subject', key: 'timed' })
    ).json() as WireRevoked
    const cutoff = secondOf(revocation.cutoff)
    assert.ok(cutoff >= before + 2 && cutoff <= Date.now() / 1000 + 2, String(cutoff - before))
  })

  test('a lock puts the second off', async () => {
    const lockSeconds = 600
    const before = Date.now() / 1000
    const { revocation } = (
      await end({ issuer: 'auth0', scope: 'subject', key: 'locked', lockSeconds })
    ).json() as WireRevoked
    const cutoff = secondOf(revocation.cutoff)
    assert.ok(cutoff > before + 598 && cutoff <= Date.now() / 1000 + 600, String(cutoff - before))
  })

  test('an end of a login is remembered for as long as it could be refreshed', async () => {
    const { revocation } = (
      await end({ issuer: 'auth0', scope: 'subject', key: 'remembered' })
    ).json() as WireRevoked
    const kept = (Date.parse(revocation.forgetAfter) - Date.parse(revocation.at)) / 1000
    // The clocks of a process differ by parts of a millisecond.
    assert.ok(kept >= day + 3600 && kept < day + 3601, String(kept))
  })

  test('an end of a token is remembered for as long as one may live', async () => {
    const { revocation } = (
      await end({ issuer: 'auth0', scope: 'token', key: 'j1' })
    ).json() as WireRevoked
    const kept = (Date.parse(revocation.forgetAfter) - Date.parse(revocation.at)) / 1000
    assert.ok(kept >= 3600 && kept < 3601, String(kept))
  })

  test('a dry run says what would end and stores nothing', async () => {
    const before = (await api.get('/revocations')).json().items.length
    const askedAt = Date.now() / 1000
    const found = (
      await end({ issuer: 'auth0', scope: 'subject', key: 'dry', dryRun: true })
    ).json()
    assert.equal(found.issuer, auth0)
    const cutoff = secondOf(found.cutoff)
    assert.ok(cutoff > askedAt - 2 && cutoff < Date.now() / 1000 + 2, String(cutoff - askedAt))
    assert.equal((await api.get('/revocations')).json().items.length, before)
  })

  test('an end here harms no person of the same name there, and none of ours', async () => {
    const { token, sid } = await api.login()
    for (const scope of ['session', 'token'] as const) {
      assert.equal((await end({ issuer: 'keycloak', scope, key: sid })).status, 201)
    }
    assert.equal((await end({ issuer: 'keycloak', scope: 'subject', key: 'maria' })).status, 201)
    assert.equal((await end({ issuer: 'keycloak', scope: 'everyone' })).status, 201)
    assert.equal(await api.accepts(token), true)
  })

  for (const [what, body, pointer] of [
    ['an issuer that is not configured', { issuer: 'okta', scope: 'subject', key: 'a' }, 'issuer'],
    ['a device', { issuer: 'keycloak', scope: 'device', key: 'a' }, 'scope'],
    [
      'a session where tokens do not name theirs',
      { issuer: 'auth0', scope: 'session', key: 'a' },
      'scope',
    ],
    [
      'a lock of a session',
      { issuer: 'keycloak', scope: 'session', key: 'a', lockSeconds: 1 },
      'lockSeconds',
    ],
    ['a lock of our own', { scope: 'subject', key: 'a', lockSeconds: 1 }, 'lockSeconds'],
    ['a grant of one name', { issuer: 'keycloak', scope: 'grant', key: 'a' }, 'key'],
    ['a token beside a scope', { token: 'a.b.c', scope: 'subject' }, 'scope'],
    ['what is not a token', { token: 'a.b.c' }, 'token'],
  ] as const) {
    test(`refuses ${what}`, async () => {
      const reply = await end(body)
      assertProblem(reply, 400, 'validation-failed')
      assert.deepEqual(
        reply.json().errors.map((error: { pointer: string }) => error.pointer),
        [`#/${pointer}`],
      )
    })
  }

  test('a token of this server ends by itself', async () => {
    const { token } = await api.login()
    const other = await api.login()
    const reply = await end({ token })
    assert.equal(reply.status, 201)
    assert.equal(await api.accepts(token), false)
    assert.equal(await api.accepts(other.token), true)
    assert.ok(!reply.text.includes(token))
    assert.equal((await end({ token })).status, 200)
  })
})
