/**
 * Every route is asked for something: what it answers is what it declares
 * (`test/declared-answers.ts`).
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Reply } from '../harness.ts'
import { ADMIN_TOKEN, assertProblem, useApi } from './api.ts'
import { oweDelivery } from './deliveries.ts'

type Json = Readonly<Record<string, unknown>>

interface Operation {
  readonly security?: readonly Json[]
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** `get /sessions`, for every route that takes the admin token. */
function adminRoutes(paths: Document['paths']): readonly string[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security }]) => security?.some((scheme) => 'adminToken' in scheme))
      .map(([method]) => `${method} ${path.replace('/outright/v1', '')}`),
  )
}

suite('the document of the admin API', () => {
  const api = useApi()
  const readDocument = async () =>
    (await api.server.call('GET', '/outright/v1/openapi.json')).json() as Document

  test('describes what the routes answer', async () => {
    const { paths } = await readDocument()
    const covered = new Set<string>()
    const check = (method: string, template: string, reply: Reply): Reply => {
      covered.add(`${method} ${template}`)
      return reply
    }
    const { sid } = await api.login()
    const revoked = check(
      'post',
      '/revocations',
      await api.post('/revocations', { scope: 'token', key: 'x' }),
    )
    const { id } = (revoked.json() as { revocation: { id: string } }).revocation
    const everyone = { scope: 'everyone', dryRun: true }
    check('post', '/revocations', await api.post('/revocations', everyone))
    check('post', '/revocations', await api.post('/revocations', { nothing: true }))
    check('get', '/revocations', await api.get('/revocations'))
    check('get', '/revocations/{id}', await api.get(`/revocations/${id}`))
    check('get', '/sessions', await api.get('/sessions'))
    check('get', '/sessions/count', await api.get('/sessions/count?live=true'))
    check('get', '/statistics', await api.get('/statistics'))
    check('get', '/foreign-sessions', await api.get('/foreign-sessions'))
    check('get', '/identity-providers', await api.get('/identity-providers'))
    check('get', '/sessions/{sid}', await api.get(`/sessions/${sid}`))
    check('delete', '/sessions/{sid}', await api.delete(`/sessions/${sid}`))
    const ann = { id: 'ann', generatePassword: true }
    check('post', '/subjects', await api.post('/subjects', ann))
    check('get', '/subjects', await api.get('/subjects'))
    check('get', '/subjects/{id}', await api.get('/subjects/ann'))
    check('patch', '/subjects/{id}', await api.patch('/subjects/ann', { status: 'disabled' }))
    const shop = { id: 'shop', dialect: 'oauth', key: 'shop', generateSecret: true }
    check('post', '/clients', await api.post('/clients', shop))
    check('get', '/clients', await api.get('/clients'))
    check('get', '/clients/{id}', await api.get('/clients/shop'))
    check('patch', '/clients/{id}', await api.patch('/clients/shop', { endSessions: true }))
    check('post', '/guards', await api.post('/guards', { name: 'orders' }))
    check('get', '/guards', await api.get('/guards'))
    check('delete', '/guards/{name}', await api.delete('/guards/orders'))
    const ana = { name: 'ana', role: 'viewer', password: 'a password of length' }
    check('post', '/operators', await api.post('/operators', ana))
    check('post', '/operators', await api.post('/operators', { ...ana, password: 'short' }))
    const invited = await api.post('/operators/invitations', { role: 'operator' })
    check('post', '/operators/invitations', invited)
    check('get', '/operators', await api.get('/operators'))
    const changed = await api.patch('/operators/ana', { password: 'another password' })
    check('patch', '/operators/{name}', changed)
    check('delete', '/operators/{name}', await api.delete('/operators/ana'))
    check('get', '/me', await api.get('/me'))
    const owed = await oweDelivery(api.server.store)
    check('get', '/deliveries', await api.get('/deliveries'))
    check('get', '/receivers', await api.get('/receivers'))
    const retried = await api.post(`/deliveries/${owed}/retry`)
    check('post', '/deliveries/{id}/retry', retried)
    const found = { canary: 'default', at: '2026-11-29T00:00:00Z', logoutMs: 1.5, watchMs: 5000 }
    const receipt = { confirmed: true, acknowledged: 1, verifiers: 1, lapsed: 0, elapsedMs: 1 }
    const report = { ...found, probeMs: 20, receipt, paths: [] }
    check('post', '/canary/reports', await api.post('/canary/reports', report))
    check('get', '/canary/reports', await api.get('/canary/reports'))
    check('get', '/verifiers', await api.get('/verifiers'))
    check('get', '/dialects', await api.get('/dialects'))
    check('post', '/keys/rotate', await api.post('/keys/rotate'))
    const keys = check('get', '/keys', await api.get('/keys'))
    const [{ kid }] = (keys.json() as { items: [{ kid: string }] }).items
    check('delete', '/keys/{kid}', await api.delete(`/keys/${kid}`))
    check('delete', '/keys/{kid}', await api.delete('/keys/nobody'))
    check('get', '/keys', await api.get('/keys?x=1'))
    check('get', '/caller', await api.get('/caller'))
    check('post', '/audit/cut', await api.post('/audit/cut', { before: '2020-01-01' }))
    check('get', '/audit/verify', await api.get('/audit/verify'))
    const left = adminRoutes(paths).filter((route) => !covered.has(route))
    // A file, and a stream without end: they have tests of their own.
    assert.deepEqual(left.toSorted(), ['get /backup', 'get /events'])
  })

  test('names a limit and a cursor for every list, which are obeyed', async () => {
    await api.post('/guards', { name: 'stock' })
    await api.post('/guards', { name: 'billing' })
    const { paths } = await readDocument()
    const lists: string[] = []
    for (const route of adminRoutes(paths).filter((one) => /^get [^{]*$/.test(one))) {
      const path = route.slice('get '.length)
      if (['/audit/verify', '/backup', '/events'].includes(path)) continue
      const whole = (await api.get(path)).json() as { items?: unknown[]; next: unknown }
      if (whole.items === undefined) continue
      lists.push(path)
      const { parameters = [] } = paths[`/outright/v1${path}`]?.['get'] ?? {}
      const names = parameters.map(({ name }) => name)
      assert.ok(names.includes('limit') && names.includes('cursor'), path)
      const wrong = assertProblem(await api.get(`${path}?limit=0`), 400, 'validation-failed')
      assert.deepEqual(Object.keys(wrong), ['limit'], path)
      const one = await allPages(path)
      assert.equal(one.length, whole.items.length, path)
    }
    assert.deepEqual(lists.toSorted(), [
      '/canary/reports',
      '/clients',
      '/deliveries',
      '/dialects',
      '/foreign-sessions',
      '/guards',
      '/identity-providers',
      '/keys',
      '/operators',
      '/receivers',
      '/revocations',
      '/sessions',
      '/subjects',
      '/verifiers',
    ])
  })

  /** What a list has, an item a page. */
  async function allPages(path: string): Promise<readonly unknown[]> {
    const items: unknown[] = []
    let query = '?limit=1'
    for (;;) {
      const page = (await api.get(path + query)).json() as { items: unknown[]; next: string | null }
      assert.ok(page.items.length <= 1, path)
      items.push(...page.items)
      if (page.next === null) return items
      query = `?limit=1&cursor=${encodeURIComponent(page.next)}`
    }
  }

  test('and no call takes a parameter that it does not name', async () => {
    const { paths } = await readDocument()
    for (const route of adminRoutes(paths)) {
      const [method = '', path = ''] = route.split(' ')
      const reply = await api.server.call(
        method.toUpperCase(),
        `/outright/v1${path.replace(/\{\w+\}/, 'x')}?dryrun=true`,
        { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } },
      )
      const wrong = assertProblem(reply, 400, 'validation-failed')
      assert.deepEqual(Object.keys(wrong), ['dryrun'], route)
    }
  })

  test('and docs/admin.md name the same routes, with the same roles', async () => {
    const { paths } = await readDocument()
    const served = adminRoutes(paths).map((route) => {
      const [method = '', path = ''] = route.split(' ')
      const { security } = paths[`/outright/v1${path}`]?.[method] ?? {}
      const [role] = security?.flatMap((scheme) => scheme['operatorSession'] ?? []) ?? []
      return `${method.toUpperCase()} ${path}: ${JSON.stringify(role)}`
    })
    const text = await readFile(join(import.meta.dirname, '../../docs/admin.md'), 'utf8')
    const listed = [...text.matchAll(/^\| `([A-Z]+ \/[^`]*)` \| (\w+) \|/gm)].map(
      ([, route = '', role = '']) => `${route}: ${JSON.stringify(role)}`,
    )
    assert.deepEqual(listed.toSorted(), served.toSorted())
  })
})

test('docs/admin.md lists every problem with its status', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/admin.md'), 'utf8')
  const listed = [...text.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(
    ([, slug = '', status]) => [slug, Number(status)] as const,
  )
  assert.deepEqual(Object.fromEntries(listed), adminProblems)
})

/** Every problem type that the admin API answers with, and its status. */
const adminProblems = {
  'validation-failed': 400,
  'malformed-request': 400,
  'credentials-missing': 401,
  'credentials-malformed': 401,
  'credentials-invalid': 401,
  forbidden: 403,
  'role-required': 403,
  'not-found': 404,
  'nothing-matched': 404,
  'method-not-allowed': 405,
  conflict: 409,
  'cut-from-the-log': 410,
  'payload-too-large': 413,
  'unsupported-media-type': 415,
  'rate-limited': 429,
  internal: 500,
  'not-supported': 501,
  'backup-failed': 503,
  'store-unavailable': 503,
}
