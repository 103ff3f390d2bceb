import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startTestServer, type CallOptions } from '../harness.ts'
import { ADMIN_TOKEN, assertProblem, useApi } from './api.ts'

suite('admin authentication', () => {
  const api = useApi()
  const ask = (headers: CallOptions['headers'], method = 'GET', path = '/sessions') =>
    api.server.call(method, `/outright/v1${path}`, headers === undefined ? {} : { headers })

  test('the admin token opens', async () => {
    assert.equal((await ask({ authorization: `Bearer ${ADMIN_TOKEN}` })).status, 200)
    assert.equal((await ask({ authorization: `bearer ${ADMIN_TOKEN}` })).status, 200)
  })

  test('no token is 401 with a challenge (RFC 9110, section 15.5.2)', async () => {
    const reply = await ask(undefined)
    assertProblem(reply, 401, 'credentials-missing')
    assert.equal(reply.headers['www-authenticate'], 'Bearer realm="outright"')
  })

  test('a wrong token is 401 and is not repeated', async () => {
    for (const token of ['wrong', `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(0, -1), 'a'.repeat(8000)]) {
      const reply = await ask({ authorization: `Bearer ${token}` })
      assertProblem(reply, 401, 'credentials-invalid')
      assert.match(reply.headers['www-authenticate'] ?? '', /error="invalid_token"/)
      assert.ok(!reply.text.includes(token))
    }
  })

  test('what cannot be read is 401', async () => {
    for (const authorization of ['Bearer', 'Bearer a b', 'Digest x', 'Bearer \u00E9', ' ']) {
      assertProblem(await ask({ authorization }), 401, 'credentials-malformed')
    }
  })

  test('a token that is sent twice is refused', async () => {
    const headers = [
      ['Authorization', `Bearer ${ADMIN_TOKEN}`],
      ['Authorization', 'Bearer other'],
    ] as const
    const reply = await ask(headers)
    assertProblem(reply, 401, 'credentials-malformed')
  })

  test('Basic credentials and access tokens of people are not admin tokens', async () => {
    const basic = Buffer.from('admin:outright-demo-admin').toString('base64')
    assertProblem(await ask({ authorization: `Basic ${basic}` }), 401, 'credentials-invalid')
    const { token } = await api.login()
    assertProblem(await ask({ authorization: `Bearer ${token}` }), 401, 'credentials-invalid')
  })

  test('every route but the document refuses before it reads anything', async () => {
    const document = (await ask({}, 'GET', '/openapi.json')).json() as {
      paths: Record<string, Record<string, { security?: object[] }>>
    }
    const admin = Object.entries(document.paths)
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { security }]) => ({ path, method, security })),
      )
      .filter(({ security }) => security?.some((scheme) => 'adminToken' in scheme))
    assert.ok(admin.length >= 20, String(admin.length))
    for (const { path, method } of admin) {
      const reply = await api.server.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, 'x'), {
        body: '{not json',
      })
      assertProblem(reply, 401, 'credentials-missing')
    }
  })

  test('unknown paths and wrong methods are problems too', async () => {
    assertProblem(await ask({}, 'GET', '/nothing'), 404, 'not-found')
    const reply = await ask({}, 'PUT', '/sessions')
    assertProblem(reply, 405, 'method-not-allowed')
    assert.equal(reply.headers['allow'], 'GET, HEAD')
  })
})

test('guessing the admin token is slowed down, and the operator is not locked out', async () => {
  const server = await startTestServer({ config: { rateLimitFactor: 0.1 } })
  const ask = (token: string) =>
    server.call('GET', '/outright/v1/keys', { headers: { authorization: `Bearer ${token}` } })
  try {
    const statuses: number[] = []
    for (let guess = 0; guess < 5; guess++) statuses.push((await ask(`guess-${guess}`)).status)
    assert.deepEqual(statuses, [401, 401, 401, 429, 429])
    const refused = await ask('guess')
    assertProblem(refused, 429, 'rate-limited')
    assert.ok(Number(refused.headers['retry-after']) >= 1)
    assert.equal((await ask(ADMIN_TOKEN)).status, 200)
  } finally {
    await server.close()
  }
})

test('without a configured token nothing opens the admin API', async () => {
  const server = await startTestServer({ config: { demo: false } })
  try {
    for (const authorization of ['Bearer undefined', 'Bearer x', `Bearer ${ADMIN_TOKEN}`]) {
      const reply = await server.call('GET', '/outright/v1/keys', { headers: { authorization } })
      assertProblem(reply, 401, 'credentials-invalid')
    }
  } finally {
    await server.close()
  }
})
