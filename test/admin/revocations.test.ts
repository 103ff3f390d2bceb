import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { ADMIN_TOKEN, assertProblem, claims, useApi } from './api.ts'

suite('POST /revocations', () => {
  const api = useApi()

  test('ends a session and says who confirmed: 201, then 200', async () => {
    const { token, sid } = await api.login()
    const other = await api.login()
    const first = await api.post('/revocations', {
      scope: 'session',
      key: sid,
      reason: 'compromised',
      note: 'seen on a forum',
    })
    assert.equal(first.status, 201)
    const { revocation, receipt, added } = first.json()
    assert.equal(added, true)
    assert.equal(revocation.scope, 'session')
    assert.equal(revocation.key, sid)
    assert.equal(revocation.reason, 'compromised')
    assert.equal(revocation.note, 'seen on a forum')
    assert.equal(revocation.actor, 'operator:admin-token')
    assert.equal(receipt.confirmed, true)
    assert.equal(first.headers['outright-revocation'], revocation.id)
    assert.match(first.headers['outright-confirmed'] ?? '', /^1\/1;lapsed=0;ms=\d+$/)
    assert.equal(await api.accepts(token), false)
    assert.equal(await api.accepts(other.token), true)

    const second = await api.post('/revocations', { scope: 'session', key: sid })
    assert.equal(second.status, 200)
    assert.equal(second.json().added, false)
    assert.equal(second.json().revocation.id, revocation.id)
  })

  test('ends by every scope', async () => {
    const cases = [
      ['token', (token: string) => claims(token).jti],
      ['subject', () => 'maria'],
      ['client', () => 'directlink'],
      ['grant', () => 'directlink maria'],
      ['everyone', () => undefined],
    ] as const
    for (const [scope, keyOf] of cases) {
      const { token } = await api.login()
      assert.equal(await api.accepts(token), true)
      const key = keyOf(token)
      const reply = await api.post('/revocations', { scope, ...(key === undefined ? {} : { key }) })
      assert.equal(reply.status, 201, scope)
      assert.equal(await api.accepts(token), false, scope)
      assert.equal(await api.accepts((await api.login()).token), true, scope)
    }
  })

  test('Prefer: respond-async answers 202 as soon as it is stored (RFC 7240)', async () => {
    const { token, sid } = await api.login()
    const reply = await api.post(
      '/revocations',
      { scope: 'session', key: sid },
      { prefer: 'respond-async' },
    )
    assert.equal(reply.status, 202)
    assert.equal(reply.headers['preference-applied'], 'respond-async')
    assert.equal(await api.accepts(token), false)
  })

  test('a dry run says what would end and ends nothing', async () => {
    const { token, sid } = await api.login()
    const before = (await api.get('/revocations')).json().items.length
    const session = await api.post('/revocations', { scope: 'session', key: sid, dryRun: true })
    assert.equal(session.status, 200)
    assert.deepEqual(
      { ...session.json(), sample: session.json().sample.map((one: { sid: string }) => one.sid) },
      {
        dryRun: true,
        scope: 'session',
        issuer: '',
        key: sid,
        cutoff: null,
        known: true,
        sessions: 1,
        clients: [{ client: 'directlink', clientName: 'DirectLink', sessions: 1 }],
        receivers: [],
        tokensValidUntil: session.json().tokensValidUntil,
        sample: [sid],
      },
    )
    assert.ok(Date.parse(session.json().tokensValidUntil) > Date.now())
    const everyone = (await api.post('/revocations', { scope: 'everyone', dryRun: true })).json()
    assert.ok(everyone.sessions >= 1)
    assert.ok(everyone.sample.length <= 10)
    const nobody = await api.post('/revocations', { scope: 'subject', key: 'nobody', dryRun: true })
    assert.deepEqual(
      [nobody.json().known, nobody.json().sessions, nobody.json().tokensValidUntil],
      [false, 0, null],
    )
    assert.equal(session.headers['outright-revocation'], undefined)
    assert.equal(await api.accepts(token), true)
    assert.equal((await api.get('/revocations')).json().items.length, before)
  })

  test('a dry run of a session that has ended finds nothing to end', async () => {
    const { sid } = await api.login()
    await api.post('/revocations', { scope: 'session', key: sid })
    const reply = (
      await api.post('/revocations', { scope: 'session', key: sid, dryRun: true })
    ).json()
    assert.deepEqual([reply.known, reply.sessions, reply.sample], [true, 0, []])
  })

  test('requireKnown refuses what this server does not know, and only that', async () => {
    for (const [scope, key] of [
      ['session', 'no-such-session'],
      ['subject', 'nobody'],
      ['client', 'no-client'],
      ['device', 'no-device'],
      ['grant', 'directlink nobody'],
    ]) {
      const reply = await api.post('/revocations', { scope, key, requireKnown: true })
      assertProblem(reply, 404, 'nothing-matched')
    }
    // A subject without a session, and a token, which is stored nowhere.
    for (const [scope, key] of [
      ['subject', 'baanx-otp-user'],
      ['client', '43'],
      ['token', 'some-jti'],
    ]) {
      const reply = await api.post('/revocations', { scope, key, requireKnown: true })
      assert.equal(reply.status, 201, scope)
    }
  })

  test('what another issuer knows can be ended without being known here', async () => {
    const reply = await api.post('/revocations', { scope: 'session', key: 'their|session id' })
    assert.equal(reply.status, 201)
  })

  test('bodies are refused field by field, all complaints at once', async () => {
    const complaints = assertProblem(
      await api.post('/revocations', {
        scope: 'galaxy',
        key: 7,
        reason: 'because',
        note: 'x'.repeat(501),
        dryRun: 'yes',
        dryrun: true,
      }),
      400,
      'validation-failed',
    )
    assert.deepEqual(complaints, {
      '#/scope':
        'must be one of token, session, participant, subject, client, grant, device, everyone',
      '#/key': 'must be a string',
      '#/reason': complaints['#/reason'],
      '#/note': 'must have at most 500 characters',
      '#/dryRun': 'must be true or false',
      '#/dryrun': 'is not a field here',
    })
    assert.match(complaints['#/reason'] ?? '', /^must be one of logout, /)
  })

  test('keys must fit their scope', async () => {
    for (const body of [
      { scope: 'session' },
      { scope: 'session', key: '' },
      { scope: 'session', key: null },
      { scope: 'session', key: 'a\u0000b' },
      { scope: 'session', key: '\uD800' },
      { scope: 'session', key: 'x'.repeat(513) },
      { scope: 'subject', key: 'two words' },
      { scope: 'client', key: 'two words' },
      { scope: 'grant', key: 'one' },
      { scope: 'grant', key: 'one two three' },
      { scope: 'everyone', key: 'maria' },
      {},
    ]) {
      assertProblem(await api.post('/revocations', body), 400, 'validation-failed')
    }
  })

  test('hostile bodies are refused and change nothing', async () => {
    const { token } = await api.login()
    for (const body of ['', 'null', '[]', '"x"', '{', '{"scope":', '[[[[', '\u0000', '{}x']) {
      const reply = await api.post('/revocations', body)
      assert.equal(reply.status, 400, body)
    }
    const invalidUtf8 = await api.post('/revocations', Buffer.from([0x7b, 0xff, 0x7d]))
    assertProblem(invalidUtf8, 400, 'malformed-request')
    const large = await api.post('/revocations', Buffer.alloc(70_000, 0x20))
    assertProblem(large, 413, 'payload-too-large')
    const type = await api.post('/revocations', 'scope=everyone', {
      'content-type': 'application/x-www-form-urlencoded',
    })
    assertProblem(type, 415, 'unsupported-media-type')
    const polluted = await api.post('/revocations', '{"__proto__":{"scope":"everyone"}}')
    assertProblem(polluted, 400, 'validation-failed')
    assert.equal(await api.accepts(token), true)
  })
})

suite('GET /revocations', () => {
  const api = useApi()

  test('lists newest first, filtered, and one by its id', async () => {
    const keys = ['one', 'two', 'three']
    const ids: string[] = []
    for (const key of keys) {
      const reply = await api.post('/revocations', { scope: 'token', key, reason: 'logout' })
      ids.push(reply.json().revocation.id)
    }
    await api.post('/revocations', { scope: 'subject', key: 'maria' })
    const list = async (query: string) =>
      (await api.get(`/revocations${query}`)).json().items.map((one: { key: string }) => one.key)
    assert.deepEqual(await list(''), ['maria', 'three', 'two', 'one'])
    assert.deepEqual(await list('?scope=token'), ['three', 'two', 'one'])
    assert.deepEqual(await list('?key=two'), ['two'])
    assert.deepEqual(await list('?reason=revoked_by_operator'), ['maria'])
    assert.deepEqual(await list('?scope=subject&reason=logout'), [])

    const one = await api.get(`/revocations/${ids[1]}`)
    assert.equal(one.status, 200)
    assert.equal(one.json().revocation.key, 'two')
    assert.equal(one.json().receipt.confirmed, true)
    assert.ok(Array.isArray(one.json().acknowledgements))
    assertProblem(await api.get('/revocations/no-such-id'), 404, 'not-found')
    assertProblem(await api.get('/revocations/%00'), 404, 'not-found')
  })

  test('the list and one entry name who was ended and who did it, where they are known', async () => {
    await api.login()
    await api.post('/revocations', { scope: 'grant', key: 'directlink maria' })
    await api.post('/revocations', { scope: 'subject', key: 'unknown' })
    const { items } = (await api.get('/revocations?limit=2')).json()
    const names = (entry: { keyName: unknown; actorName: unknown }) => [
      entry.keyName,
      entry.actorName,
    ]
    assert.deepEqual(items.map(names), [
      [null, 'admin-token'],
      ['DirectLink, Maria', 'admin-token'],
    ])
    const one = (await api.get(`/revocations/${items[1].id}`)).json()
    assert.deepEqual(one.revocation, items[1])
  })

  test('an entry for a session says whose it was, as long as it is stored', async () => {
    const { sid } = await api.login()
    await api.post('/revocations', { scope: 'session', key: 'not-stored' })
    await api.post('/revocations', { scope: 'participant', key: `other ${sid}` })
    const { revocation } = (await api.post('/revocations', { scope: 'session', key: sid })).json()
    const { items } = (await api.get('/revocations?limit=3')).json()
    const maria = { sid, subject: 'maria', subjectName: 'Maria' }
    assert.deepEqual(
      items.map((entry: { keySession: unknown }) => entry.keySession),
      [
        { ...maria, client: 'directlink', clientName: 'DirectLink' },
        { ...maria, client: 'other', clientName: null },
        null,
      ],
    )
    const one = (await api.get(`/revocations/${revocation.id}`)).json()
    assert.deepEqual(one.revocation, items[0])
  })

  test('pages hold every entry once', async () => {
    const seen: string[] = []
    let cursor = ''
    for (;;) {
      const page = (await api.get(`/revocations?limit=3${cursor}`)).json()
      assert.ok(page.items.length <= 3)
      seen.push(...page.items.map((one: { id: string }) => one.id))
      if (page.next === null) break
      cursor = `&cursor=${encodeURIComponent(page.next)}`
    }
    const all = (await api.get('/revocations?limit=1000')).json()
    assert.deepEqual(
      seen,
      all.items.map((one: { id: string }) => one.id),
    )
    assert.equal(all.next, null)
  })

  test('queries that cannot be meant are refused', async () => {
    for (const [query, name] of [
      ['limit=0', 'limit'],
      ['limit=1001', 'limit'],
      ['limit=1e2', 'limit'],
      ['limit=-1', 'limit'],
      ['limit=', 'limit'],
      ['limit=1&limit=2', 'limit'],
      ['cursor=nonsense', 'cursor'],
      ['cursor=', 'cursor'],
      ['scope=galaxy', 'scope'],
      ['reason=galaxy', 'reason'],
      ['Scope=token', 'Scope'],
      ['key=%00', 'key'],
      [`key=${'x'.repeat(1025)}`, 'key'],
    ]) {
      const complaints = assertProblem(
        await api.get(`/revocations?${query}`),
        400,
        'validation-failed',
      )
      assert.ok(name !== undefined && complaints[name], query)
    }
  })
})

suite('reading what has ended and who verifies (RFC 9110)', () => {
  const api = useApi()
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  let id = ''
  before(async () => {
    id = (await api.post('/revocations', { scope: 'subject', key: 'maria' })).json().revocation.id
  })
  const paths = (): string[] => [`/revocations/${id}`, '/revocations', '/verifiers']

  test('HEAD answers as GET does, without the body (section 9.3.2)', async () => {
    for (const path of [...paths(), '/revocations/nobody', '/revocations?limit=0']) {
      const get = await api.get(path)
      const head = await api.server.call('HEAD', `/outright/v1${path}`, { headers })
      assert.equal(head.status, get.status, path)
      assert.equal(head.text, '')
      assert.equal(head.headers['content-type'], get.headers['content-type'])
      if (path !== '/verifiers') {
        assert.equal(head.headers['content-length'], get.headers['content-length'])
      }
    }
    const anonymous = await api.server.call('HEAD', '/outright/v1/verifiers')
    assert.equal(anonymous.status, 401)
  })

  test('other methods are 405 with what is allowed (section 15.5.6)', async () => {
    for (const path of paths()) {
      const allow = path === '/revocations' ? 'GET, HEAD, POST' : 'GET, HEAD'
      for (const method of ['PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
        const reply = await api.server.call(method, `/outright/v1${path}`, { headers })
        assertProblem(reply, 405, 'method-not-allowed')
        assert.equal(reply.headers['allow'], allow)
      }
      const options = await api.server.call('OPTIONS', `/outright/v1${path}`)
      assert.deepEqual([options.status, options.headers['allow']], [204, `${allow}, OPTIONS`])
    }
  })

  test('what never ends, or is long to make, has no HEAD', async () => {
    for (const path of ['/events', '/backup', '/audit/verify']) {
      const reply = await api.server.call('HEAD', `/outright/v1${path}`, { headers })
      assert.deepEqual([reply.status, reply.headers['allow']], [405, 'GET'])
    }
  })

  test('an unknown id is 404, however long, and says what is wrong in words', async () => {
    for (const none of ['nobody', id.toUpperCase(), `${id}/`, '%00', '%2F', 'é']) {
      const path = `/revocations/${none === 'é' ? '%C3%A9' : none}`
      assertProblem(await api.get(path), 404, 'not-found')
    }
    const long = await api.get(`/revocations/${'a'.repeat(600)}`)
    assertProblem(long, 400, 'malformed-request')
    assert.equal(long.json().detail, 'a part of the path is longer than 512 characters')
    const wrong = await api.get('/revocations/%zz')
    assertProblem(wrong, 400, 'malformed-request')
    assert.equal(wrong.json().detail, 'the path is not percent-encoded as it should be')
  })

  test('a receipt is signed for callers that prefer it (section 12.5.1)', async () => {
    const jwt = 'application/jwt'
    const json = 'application/json; charset=utf-8'
    for (const [accept, type] of [
      ['application/jwt', jwt],
      ['Application/JWT', jwt],
      ['application/jwt, application/json', jwt],
      ['application/json;q=0.5, application/jwt', jwt],
      ['application/jwt;q=0.1, application/json', json],
      ['application/jwt;q=0', json],
      ['application/jwt-other', json],
      ['*/*', json],
      ['text/plain', json],
      ['application/jwt, */*;q=0.1', jwt],
    ]) {
      const reply = await api.get(`/revocations/${id}`, { accept: accept ?? '' })
      assert.equal(reply.headers['content-type'], type, accept)
      assert.equal(reply.headers['vary'], 'Accept')
    }
  })
})
