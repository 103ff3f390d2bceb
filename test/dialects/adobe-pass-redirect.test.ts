/**
 * Where viewers are sent back to after a login: only to addresses of the requestor that were
 * listed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'

const mvpds = [
  {
    id: 'SomeMVPD',
    displayName: 'Some MVPD',
    loginUrl: 'https://mvpd.example/login',
    secret: 'a secret of at least thirty-two characters',
  },
]

async function authenticate(server: TestServer, redirect: string): Promise<Reply> {
  const info = Buffer.from('{"model":"TV"}').toString('base64')
  const made = await server.call('POST', `/reggie/v1/TESTER/regcode`, {
    headers: { 'x-device-info': info, accept: 'application/json' },
    body: new URLSearchParams({ deviceId: 'tv' }),
  })
  const code = /"code":\s*"([^"]+)"/.exec(made.text)?.[1] ?? assert.fail(made.text)
  const query = new URLSearchParams({
    reg_code: code,
    requestor_id: 'TESTER',
    mso_id: 'SomeMVPD',
    redirect_url: redirect,
  })
  return server.call('GET', `/api/v1/authenticate?${query.toString()}`)
}

for (const [domains, redirect, status] of [
  [undefined, 'https://evil.test/x', 400],
  [[], 'https://evil.test/x', 400],
  [['good.test'], 'https://evil.test/x', 400],
  [['good.test'], 'https://notgood.test/', 400],
  [['good.test'], 'https://www.good.test/x', 302],
] as const) {
  const listed = domains === undefined ? 'no domains' : `domains ${JSON.stringify(domains)}`
  test(`a requestor with ${listed}: ${redirect} is ${String(status)}`, async (t) => {
    const server = await startTestServer({
      config: {
        demo: false,
        adminToken: 'an-admin-token-of-a-test-long-enough',
        dialects: { adobePass: { options: { mvpds } } },
      },
    })
    t.after(() => server.close())
    await server.store.createClient({
      id: 'TESTER',
      name: 'Tester',
      dialect: 'adobe-pass',
      key: 'TESTER',
      secretHash: undefined,
      allowlist: [],
      redirectUris: [],
      status: 'active',
      createdAtMs: 0,
      attributes: { mvpds: ['SomeMVPD'], ...(domains === undefined ? {} : { domains }) },
    })
    const reply = await authenticate(server, redirect)
    assert.equal(reply.status, status, reply.text)
    if (status === 302) assert.match(reply.headers['location'] ?? '', /^https:\/\/mvpd\.example\//)
  })
}
