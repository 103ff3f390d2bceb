import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createGuard } from '../../src/guard/index.ts'
import { until } from '../stores/until.ts'
import { assertProblem, useApi } from './api.ts'

suite('/clients', () => {
  const api = useApi()
  const octopusLogin = (key: string, secret: string) =>
    api.server.call('POST', '/auth/login', { body: { username: key, password: secret } })

  test('a new client gets a secret that is shown once', async () => {
    const reply = await api.post('/clients', {
      dialect: 'octopus',
      key: 'warehouse',
      id: '77',
      generateSecret: true,
      allowlist: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'],
    })
    assert.equal(reply.status, 201)
    const { client, secret } = reply.json()
    assert.match(secret, /^[\w-]{32}$/)
    assert.deepEqual(client.allowlist, ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7'])
    assert.equal(client.hasSecret, true)
    const shown = await api.get('/clients/77')
    assert.deepEqual(shown.json(), client)
    assert.ok(!shown.text.includes(secret) && !shown.text.includes('argon2'))
  })

  test('an Octopus client has an integer for its id, given or made up, and can log in', async () => {
    const wish = { dialect: 'octopus', key: 'stall', secret: 'own secret' }
    const complaints = assertProblem(
      await api.post('/clients', { ...wish, id: 'stall' }),
      400,
      'validation-failed',
    )
    assert.deepEqual(complaints, { '#/id': 'must be an integer with this dialect' })
    const { client } = (await api.post('/clients', wish)).json()
    const reply = await octopusLogin('stall', 'own secret')
    assert.equal(reply.status, 200, reply.text)
    assert.equal(reply.json().data.client_id ?? Number(client.id), Number(client.id))
  })

  test('a secret that was given is not repeated', async () => {
    const reply = await api.post('/clients', {
      dialect: 'oauth',
      key: 'shop',
      secret: 'own secret',
    })
    assert.equal(reply.json().secret, null)
    assert.ok(!reply.text.includes('own secret'))
  })

  test('fields are refused by name', async () => {
    const complaints = assertProblem(
      await api.post('/clients', {
        dialect: 'guard',
        key: 'a b',
        allowlist: ['10.0.0.0/33', 7],
        redirectUris: [
          'nowhere',
          'https://shop.example/#part',
          'https://shop.example/✓',
          'javascript:alert(1)',
        ],
      }),
      400,
      'validation-failed',
    )
    assert.deepEqual(Object.keys(complaints).sort(), [
      '#/allowlist/0',
      '#/allowlist/1',
      '#/dialect',
      '#/key',
      '#/redirectUris/0',
      '#/redirectUris/1',
      '#/redirectUris/2',
      '#/redirectUris/3',
    ])
    const two = { dialect: 'oauth', key: 'k', secret: 'x', generateSecret: true }
    const together = assertProblem(await api.post('/clients', two), 400, 'validation-failed')
    assert.deepEqual(Object.keys(together), ['#/generateSecret'])
    assertProblem(await api.post('/clients', {}), 400, 'validation-failed')
    const many = Array.from({ length: 257 }, () => '10.0.0.1')
    assertProblem(
      await api.post('/clients', { dialect: 'oauth', key: 'k', allowlist: many }),
      400,
      'validation-failed',
    )
    assertProblem(
      await api.post('/clients', { dialect: 'octopus', key: 'octopus-demo-key' }),
      409,
      'conflict',
    )
  })

  test('the allowlist is replaced', async () => {
    const reply = await api.patch('/clients/43', { allowlist: ['127.0.0.0/8'] })
    assert.deepEqual(reply.json().client.allowlist, ['127.0.0.0/8'])
    assert.equal(reply.json().revoked, null)
    assert.equal((await octopusLogin('octopus-office-key', 'octopus-office-secret')).status, 200)
    await api.patch('/clients/43', { allowlist: ['203.0.113.0/24'] })
    assert.notEqual((await octopusLogin('octopus-office-key', 'octopus-office-secret')).status, 200)
  })

  test('a rotated secret works and the old one does not', async () => {
    const { secret, revoked } = (await api.patch('/clients/42', { rotateSecret: true })).json()
    assert.equal(revoked, null)
    assert.notEqual((await octopusLogin('octopus-demo-key', 'octopus-demo-secret')).status, 200)
    assert.equal((await octopusLogin('octopus-demo-key', secret)).status, 200)
    const again = (await api.patch('/clients/42', { rotateSecret: true, endSessions: true })).json()
    assert.equal(again.revoked.revocation.key, '42')
    assert.notEqual(again.secret, secret)
  })

  test('a public client of OAuth may be given a secret and what needs one in the same call', async () => {
    await api.post('/clients', { dialect: 'oauth', key: 'kiosk' })
    const attributes = { oauth: { grant_types: ['client_credentials'] } }
    assertProblem(await api.patch('/clients/kiosk', { attributes }), 400, 'validation-failed')
    const changed = await api.patch('/clients/kiosk', { attributes, rotateSecret: true })
    assert.equal(changed.status, 200)
    const { secret } = changed.json()
    const basic = Buffer.from(`kiosk:${secret}`).toString('base64')
    const exchanged = await api.server.call('POST', '/oauth2/token', {
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    })
    assert.equal(exchanged.status, 200)
  })

  test('members of the OAuth metadata change one by one, and the others stay', async () => {
    const at = async (): Promise<unknown> =>
      (await api.server.store.findClient({ by: 'id', value: 'till' }))?.attributes
    const attributes = { note: 'first floor', oauth: { scope: 'openid', skip_consent: true } }
    await api.post('/clients', { dialect: 'oauth', key: 'till', secret: 'x', attributes })
    const dpop = { dpop_bound_access_tokens: true, skip_consent: null }
    assert.equal((await api.patch('/clients/till', { oauth: dpop })).status, 200)
    const oauth = { scope: 'openid', dpop_bound_access_tokens: true }
    assert.deepEqual(await at(), { note: 'first floor', oauth })
    const refused: readonly [string, object, string][] = [
      ['till', { oauth: { scop: 'x' } }, '#/attributes/oauth/scop'],
      ['till', { oauth: { grant_types: ['password'] } }, '#/attributes/oauth/grant_types/0'],
      ['till', { oauth: { dpop_bound_access_tokens: null }, attributes }, '#/oauth'],
      ['42', { oauth: { scope: 'x' } }, '#/oauth'],
    ]
    for (const [id, patch, place] of refused) {
      const reply = await api.patch(`/clients/${id}`, patch)
      assert.deepEqual(Object.keys(assertProblem(reply, 400, 'validation-failed')), [place])
    }
    assert.deepEqual(await at(), { note: 'first floor', oauth })
  })

  test('of several who change the metadata of a client at once, none drops what another changed', async () => {
    const key = 'busy'
    await api.post('/clients', { dialect: 'oauth', key, secret: 'x' })
    const changes = [
      { scope: 'openid' },
      { skip_consent: true },
      { dpop_bound_access_tokens: true },
      { require_pushed_authorization_requests: true },
      { post_logout_redirect_uris: ['https://busy.example/'] },
    ]
    const replies = await Promise.all(
      changes.map((oauth) => api.patch(`/clients/${key}`, { oauth })),
    )
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]))
    const found = await api.server.store.findClient({ by: 'id', value: key })
    assert.deepEqual(found?.attributes['oauth'], Object.assign({}, ...changes))
  })

  test('disabling ends its sessions and refuses new ones', async () => {
    const { token } = await api.login()
    const reply = await api.patch('/clients/directlink', { status: 'disabled' })
    assert.equal(reply.json().revoked.revocation.reason, 'client_disabled')
    assert.ok(reply.headers['outright-confirmed'])
    assert.equal(await api.accepts(token), false)
    await api.patch('/clients/directlink', { status: 'active' })
    assert.equal(await api.accepts((await api.login()).token), true)
  })

  test('unknown clients are 404', async () => {
    assertProblem(await api.get('/clients/nobody'), 404, 'not-found')
    assertProblem(await api.patch('/clients/nobody', { name: 'x' }), 404, 'not-found')
  })

  test('lists by dialect, page by page, without guards', async () => {
    await api.post('/guards', { name: 'orders' })
    const all = (await api.get('/clients?limit=1000')).json().items as { id: string }[]
    assert.ok(all.length >= 8)
    assert.ok(all.every((client) => !('dialect' in client) || client.dialect !== 'guard'))
    const seen: string[] = []
    let query = '?limit=1'
    for (;;) {
      const page = (await api.get(`/clients${query}`)).json()
      seen.push(...page.items.map((one: { id: string }) => one.id))
      if (page.next === null) break
      query = `?limit=1&cursor=${encodeURIComponent(page.next)}`
    }
    assert.deepEqual(
      seen,
      all.map(({ id }) => id),
    )
    const octopus = (await api.get('/clients?dialect=octopus')).json().items
    assert.ok(octopus.length >= 2)
    assert.ok(octopus.every((one: { dialect: string }) => one.dialect === 'octopus'))
  })
})

suite('/guards', () => {
  const api = useApi()
  const snapshot = async (credential: string): Promise<number> => {
    const headers = { authorization: `Bearer ${credential}` }
    return (await api.server.call('GET', '/outright/v1/snapshot', { headers })).status
  }
  const names = async () =>
    (await api.get('/guards')).json().items.map((one: { name: string }) => one.name)

  test('a credential opens the feed until the guard is removed', async () => {
    const added = await api.post('/guards', { name: 'orders-api' })
    assert.equal(added.status, 201)
    const { guard, credential } = added.json()
    assert.equal(guard.name, 'orders-api')
    assert.match(credential, /^orders-api\.[\w-]{43}$/)
    assert.equal(await snapshot(credential), 200)
    assert.equal(await snapshot(`${credential}x`), 401)
    assert.equal(await snapshot('orders-api'), 401)
    assert.ok((await names()).includes('orders-api'))

    const removed = await api.delete('/guards/orders-api')
    assert.equal(removed.status, 200)
    assert.equal(removed.json().receipt.confirmed, true)
    assert.equal(await snapshot(credential), 401)
    assert.ok(!(await names()).includes('orders-api'))
    assert.equal((await api.delete('/guards/orders-api')).status, 200)
  })

  test('a guard that is connected is cut off when it is removed', async () => {
    const { credential } = (await api.post('/guards', { name: 'tills' })).json()
    const guard = createGuard({ server: api.server.url, credential })
    const connected = async (): Promise<number> =>
      (await api.get('/verifiers'))
        .json()
        .items.filter(
          (one: { kind: string; connectedAt: string | null }) =>
            one.kind === 'guard' && one.connectedAt !== null,
        ).length
    try {
      await guard.ready()
      assert.equal(await connected(), 1)
      const { token } = await api.login()
      // Its lease may have run out meanwhile where the machine is busy: it gets another.
      await until(async () => (await guard.check(token)).ok)
      const removed = await api.delete('/guards/tills')
      assert.equal(removed.json().receipt.confirmed, true)
      // Confirmed: it has applied the entry or its lease has run out. It gets no lease any more.
      await until(() => !guard.status().fresh)
      assert.deepEqual(await guard.check(token), { ok: false, reason: 'stale' })
      assert.equal(await connected(), 0)
    } finally {
      guard.close()
    }
  })

  test('a name is taken until it is removed, and then free with another credential', async () => {
    const first = (await api.post('/guards', { name: 'billing' })).json().credential
    assertProblem(await api.post('/guards', { name: 'billing' }), 409, 'conflict')
    await api.delete('/guards/billing')
    const second = (await api.post('/guards', { name: 'billing' })).json().credential
    assert.notEqual(first, second)
    assert.equal(await snapshot(first), 401)
    assert.equal(await snapshot(second), 200)
  })

  test('names are refused that would not be one word', async () => {
    for (const name of ['', 'Orders', 'a.b', 'a b', '-a', 'a-', 'x'.repeat(65), 'é', 7, null]) {
      assertProblem(await api.post('/guards', { name }), 400, 'validation-failed')
    }
    assertProblem(await api.delete('/guards/nobody'), 404, 'not-found')
  })

  test('a guard is not a client: its id is not found among them', async () => {
    const guard = await api.server.store.findClient({
      by: 'key',
      dialect: 'guard',
      value: 'billing',
    })
    assert.ok(guard)
    assertProblem(await api.get(`/clients/${guard.id}`), 404, 'not-found')
    assertProblem(await api.patch(`/clients/${guard.id}`, { name: 'x' }), 404, 'not-found')
  })
})
