/** Whatever is sent, the answer is in the API's form, nothing fails, and nothing of it is repeated. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { assertProblem, useApi } from './api.ts'

const fields = [
  'scope',
  'key',
  'reason',
  'note',
  'id',
  'name',
  'username',
  'email',
  'phone',
  'attributes',
  'dialect',
  'allowlist',
  'redirectUris',
  'status',
  'keepSessions',
  'endSessions',
  '__proto__',
  'constructor',
  'toString',
]

const values = fc.oneof(
  fc.constantFrom('session', 'subject', 'maria', 'disabled', 'logout', '42', '', '*', 'a b'),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.jsonValue({ maxDepth: 3 }),
)

/** Bodies that look like bodies of this API, and some that do not. */
const bodies = fc.oneof(
  { weight: 4, arbitrary: fc.dictionary(fc.constantFrom(...fields), values, { maxKeys: 6 }) },
  { weight: 1, arbitrary: fc.jsonValue() },
)

const targets = fc.constantFrom(
  ['POST', '/revocations'],
  ['POST', '/subjects'],
  ['PATCH', '/subjects/baanx-otp-user'],
  ['POST', '/clients'],
  ['PATCH', '/clients/43'],
  ['POST', '/guards'],
)

suite('hostile input to the admin API', () => {
  const api = useApi()

  test('bodies of every shape get an answer below 500', async () => {
    await fc.assert(
      fc.asyncProperty(targets, bodies, async ([method, path], body) => {
        const json = JSON.stringify(body)
        const reply = await (method === 'POST'
          ? api.post(path ?? '', json, { 'content-type': 'application/json' })
          : api.server.call('PATCH', `/outright/v1${path ?? ''}`, {
              headers: { authorization: 'Bearer outright-demo-admin' },
              body: json,
            }))
        assert.ok(reply.status < 500, `${method} ${path} ${json}: ${reply.text}`)
        const type = reply.headers['content-type'] ?? ''
        assert.match(
          type,
          reply.status < 400 ? /^application\/json/ : /^application\/problem\+json/,
        )
      }),
      { numRuns: 300 },
    )
  })

  test('paths and queries of every shape get an answer below 500', async () => {
    const lists = fc.constantFrom(
      'revocations',
      'sessions',
      'subjects',
      'clients',
      'guards',
      'keys',
    )
    const names = fc.oneof(
      fc.constantFrom('limit', 'cursor', 'scope', 'key', 'subject', 'live', 'email'),
      fc.string({ maxLength: 10 }),
    )
    const texts = fc.string({ unit: 'grapheme', maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(
        lists,
        fc.option(texts),
        fc.array(fc.tuple(names, texts), { maxLength: 3 }),
        async (list, id, query) => {
          const path = id === null ? list : `${list}/${encodeURIComponent(id)}`
          const reply = await api.get(`/${path}?${new URLSearchParams(query).toString()}`)
          assert.ok(reply.status < 500, `${path} ${JSON.stringify(query)}: ${reply.text}`)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('percent signs that encode nothing are refused', async () => {
    for (const path of ['%', '%zz', '%c0%af', '%ff', 'a%2']) {
      const reply = await api.get(`/sessions/${path}`)
      assert.ok(reply.status === 400 || reply.status === 404, `${path}: ${reply.status}`)
    }
  })

  test('a member that is there twice is refused, and ends neither of the two', async () => {
    const { token, sid } = await api.login()
    const body = `{"scope":"session","key":"${sid}","scope":"subject","key":"maria"}`
    const type = { 'content-type': 'application/json' }
    assertProblem(await api.post('/revocations', body, type), 400, 'malformed-request')
    assert.equal(await api.accepts(token), true)
  })

  test('passwords and secrets are in no answer that refuses them', async () => {
    const secret = 'Zq8-this-must-not-come-back'
    const refused = [
      await api.post('/subjects', { id: 'a b', password: secret }),
      await api.post('/subjects', { id: 'maria', password: secret }),
      await api.post('/subjects', { password: `${secret}\u0000` }),
      await api.post('/clients', { dialect: 'octopus', key: 'octopus-demo-key', secret }),
      await api.post('/clients', { dialect: 'x!', key: 'k', secret }),
      await api.patch('/subjects/nobody', { password: secret }),
    ]
    for (const reply of refused) {
      assert.ok(reply.status >= 400)
      assert.ok(!reply.text.includes(secret), reply.text)
    }
  })
})
