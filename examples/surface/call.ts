/**
 * Calls the surface beside it, where that is part of the source: see
 * `test/examples/source.test.ts`.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startTestServer } from '../../test/harness.ts'

// Not among the settings of the source as it is here.
const settings: object = { whoamiAudience: 'octopus' }
const server = await startTestServer({ oneNode: true, config: { ...settings } })
after(() => server.close())

test('the surface whoami answers, until the token is logged out, and is described', async () => {
  const body = { username: 'octopus-demo-key', password: 'octopus-demo-secret' }
  const login = await server.call('POST', '/auth/login', { body })
  const { access_token: token } = (login.json() as { data: { access_token: string } }).data
  const headers = { authorization: `Bearer ${token}` }
  const alive = await server.call('GET', '/whoami', { headers })
  assert.equal(alive.status, 200, alive.text)
  assert.deepEqual(Object.keys(alive.json() as object), ['subject', 'client', 'expiresAt'])
  await server.call('POST', '/auth/logout', { headers })
  assert.equal((await server.call('GET', '/whoami', { headers })).status, 401)
  const document = (await server.call('GET', '/outright/v1/openapi.json')).json()
  assert.equal(document.paths['/whoami'].get.summary, 'Who a token belongs to')
})
