import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertProblem, useApi } from './api.ts'

suite('/subjects', () => {
  const api = useApi()
  const canLogIn = async (username: string, password: string): Promise<boolean> => {
    const basic = Buffer.from(`${username}:${password}`).toString('base64')
    const reply = await api.server.call('POST', '/directlink/v1/auth/login', {
      headers: { authorization: `Basic ${basic}` },
    })
    return reply.status === 200
  }

  test('a new person logs in with the password that was given', async () => {
    const reply = await api.post('/subjects', {
      id: 'ann',
      name: 'Ann',
      username: 'ann',
      email: 'ann@example.com',
      phone: '+4915112345678',
      password: 'correct horse',
      attributes: { team: 'support' },
    })
    assert.equal(reply.status, 201)
    const { subject, password, revoked } = reply.json()
    assert.deepEqual([password, revoked], [null, null])
    assert.deepEqual(subject, {
      id: 'ann',
      name: 'Ann',
      username: 'ann',
      email: 'ann@example.com',
      phone: '4915112345678',
      hasPassword: true,
      status: 'active',
      createdAt: subject.createdAt,
      attributes: { team: 'support' },
    })
    assert.ok(!reply.text.includes('correct horse'))
    assert.ok(!reply.text.includes('argon2'))
    assert.equal(await canLogIn('ann', 'correct horse'), true)
    assert.deepEqual((await api.get('/subjects/ann')).json(), subject)
  })

  test('a generated password is shown once and works', async () => {
    const reply = await api.post('/subjects', { username: 'ben', generatePassword: true })
    const { subject, password } = reply.json()
    assert.match(password, /^[\w-]{32}$/)
    assert.equal(await canLogIn('ben', password), true)
    assert.ok(!(await api.get(`/subjects/${subject.id}`)).text.includes(password))
  })

  test('people are found by a part of what they are called, page by page', async () => {
    for (const [id, name] of [
      ['p1', 'João Pereira'],
      ['p2', 'JOANA'],
      ['p3', 'Ana'],
    ] as const) {
      const email = `${id}@people.example`
      assert.equal((await api.post('/subjects', { id, name, email })).status, 201)
    }
    await api.post('/subjects', { id: 'p4', phone: '+447700900999' })
    const found = async (query: string): Promise<readonly string[]> =>
      (await api.get(`/subjects?search=${query}`)).json().items.map(({ id }: { id: string }) => id)
    assert.deepEqual(await found('joao'), ['p1'])
    assert.deepEqual(await found('PEOPLE.example'), ['p1', 'p2', 'p3'])
    assert.deepEqual(await found(encodeURIComponent('+44 7700 900999')), ['p4'])
    assert.deepEqual(await found('nothing-like-it'), [])
    const { items, next } = (await api.get('/subjects?search=oa&limit=1')).json()
    assert.deepEqual([items.length, items[0].id], [1, 'p1'])
    assert.deepEqual(await found(`oa&cursor=${next}`), ['p2'])
    assertProblem(await api.get('/subjects?search=a&username=b'), 400, 'validation-failed')
  })

  test('a person without a password cannot log in with any', async () => {
    const reply = await api.post('/subjects', { username: 'cat' })
    assert.equal(reply.json().subject.hasPassword, false)
    assert.equal(await canLogIn('cat', ''), false)
    assert.equal(await canLogIn('cat', 'x'), false)
  })

  test('names that are taken are 409', async () => {
    assertProblem(await api.post('/subjects', { id: 'maria' }), 409, 'conflict')
    assertProblem(await api.post('/subjects', { username: 'maria' }), 409, 'conflict')
    assertProblem(await api.post('/subjects', { email: 'demo@example.com' }), 409, 'conflict')
    assertProblem(await api.post('/subjects', { phone: '919999900001' }), 409, 'conflict')
  })

  test('fields are refused by name', async () => {
    const complaints = assertProblem(
      await api.post('/subjects', {
        id: 'two words',
        username: 'a:b',
        email: 'nobody',
        phone: 'call me',
        attributes: [],
        isAdmin: true,
      }),
      400,
      'validation-failed',
    )
    assert.deepEqual(Object.keys(complaints).sort(), [
      '#/attributes',
      '#/email',
      '#/id',
      '#/isAdmin',
      '#/phone',
      '#/username',
    ])
    for (const body of [
      { id: 'client:42' },
      { password: 'x'.repeat(1025) },
      { password: '' },
      { password: 'p', generatePassword: true },
      { attributes: { big: 'x'.repeat(20_000) } },
      { name: 'tab\there' },
    ]) {
      assertProblem(await api.post('/subjects', body), 400, 'validation-failed')
    }
  })

  test('a new password ends the sessions, unless they are to be kept', async () => {
    await api.server.dependencies.store.updateSubject('maria', { status: 'active' })
    const { token } = await api.login()
    const kept = await api.patch('/subjects/maria', { password: 'second', keepSessions: true })
    assert.equal(kept.status, 200)
    assert.equal(kept.json().revoked, null)
    assert.equal(await api.accepts(token), true)
    assert.equal(await canLogIn('maria', 'maria-demo'), false)
    assert.equal(await canLogIn('maria', 'second'), true)

    const ended = await api.patch('/subjects/maria', { password: 'maria-demo' })
    assert.equal(ended.json().revoked.revocation.reason, 'password_changed')
    assert.equal(ended.json().revoked.receipt.confirmed, true)
    assert.equal(ended.headers['outright-revocation'], ended.json().revoked.revocation.id)
    assert.equal(await api.accepts(token), false)
    assert.equal(await canLogIn('maria', 'maria-demo'), true)
  })

  test('disabling ends the sessions and refuses new ones; enabling lets in again', async () => {
    const { token } = await api.login()
    const disabled = await api.patch('/subjects/maria', { status: 'disabled' })
    assert.equal(disabled.json().subject.status, 'disabled')
    assert.equal(disabled.json().revoked.revocation.reason, 'subject_disabled')
    assert.equal(await api.accepts(token), false)
    assert.equal(await canLogIn('maria', 'maria-demo'), false)

    const enabled = await api.patch('/subjects/maria', { status: 'active' })
    assert.equal(enabled.json().revoked, null)
    assert.equal(await canLogIn('maria', 'maria-demo'), true)
    assert.equal(await api.accepts(token), false)
  })

  test('only what is given changes', async () => {
    const before = (await api.get('/subjects/maria')).json()
    const after = (await api.patch('/subjects/maria', { name: 'Maria Silva' })).json().subject
    assert.deepEqual(after, { ...before, name: 'Maria Silva' })
    assert.deepEqual((await api.patch('/subjects/maria', {})).json().subject, after)
    assertProblem(await api.patch('/subjects/nobody', { name: 'x' }), 404, 'not-found')
    assertProblem(await api.get('/subjects/nobody'), 404, 'not-found')
    assertProblem(await api.patch('/subjects/maria', { id: 'x' }), 400, 'validation-failed')
  })

  test('is found by username, email and phone', async () => {
    const ids = async (query: string) =>
      (await api.get(`/subjects?${query}`)).json().items.map((one: { id: string }) => one.id)
    assert.deepEqual(await ids('username=maria'), ['maria'])
    assert.deepEqual(await ids('email=demo@example.com'), ['baanx-demo-user'])
    assert.deepEqual(await ids('phone=919999900001'), ['39501T'])
    assert.deepEqual(await ids('username=maria&email=demo@example.com'), [])
    assert.deepEqual(await ids('username=nobody'), [])
  })

  test('pages hold every person once', async () => {
    const seen = new Set<string>()
    let query = '?limit=2'
    for (;;) {
      const page = (await api.get(`/subjects${query}`)).json()
      for (const { id } of page.items) {
        assert.ok(!seen.has(id))
        seen.add(id)
      }
      if (page.next === null) break
      query = `?limit=2&cursor=${encodeURIComponent(page.next)}`
    }
    assert.ok(seen.has('maria') && seen.has('ann'))
  })
})
