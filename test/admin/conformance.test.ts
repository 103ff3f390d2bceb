/** What the routes answer is what the document says that they answer. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { adminProblems } from '../../src/http/surfaces/admin/problem.ts'
import type { Reply } from '../harness.ts'
import { useApi } from './api.ts'
import { oweDelivery } from './deliveries.ts'
import { complaints } from './conforms.ts'

type Json = Readonly<Record<string, unknown>>

interface Operation {
  readonly security?: readonly Json[]
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Json }>> }>
  >
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Json }
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
    const { paths, components } = await readDocument()
    const covered = new Set<string>()
    const check = (method: string, template: string, reply: Reply): Reply => {
      const operation = paths[`/outright/v1${template}`]?.[method]
      assert.ok(operation, `${method} ${template}`)
      const described = operation.responses[String(reply.status)] ?? operation.responses['default']
      const [type = ''] = (reply.headers['content-type'] ?? '').split(';')
      const { schema } = described?.content?.[type] ?? {}
      assert.ok(schema, `${method} ${template}: ${reply.status} ${type} is not described`)
      const wrong = complaints(reply.json(), schema, components.schemas)
      assert.deepEqual(wrong, [], `${method} ${template}: ${reply.text}`)
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
    check('get', '/foreign-sessions', await api.get('/foreign-sessions'))
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
    const owed = await oweDelivery(api.server.store)
    check('get', '/deliveries', await api.get('/deliveries'))
    const retried = await api.post(`/deliveries/${owed}/retry`)
    check('post', '/deliveries/{id}/retry', retried)
    check('get', '/verifiers', await api.get('/verifiers'))
    check('post', '/keys/rotate', await api.post('/keys/rotate'))
    const keys = check('get', '/keys', await api.get('/keys'))
    const [{ kid }] = (keys.json() as { items: [{ kid: string }] }).items
    check('delete', '/keys/{kid}', await api.delete(`/keys/${kid}`))
    check('delete', '/keys/{kid}', await api.delete('/keys/nobody'))
    check('get', '/keys', await api.get('/keys?x=1'))
    check('get', '/caller', await api.get('/caller'))
    check('post', '/audit/cut', await api.post('/audit/cut', { before: '2020-01-01' }))
    const left = adminRoutes(paths).filter((route) => !covered.has(route))
    // Streams and a file: they have tests of their own.
    assert.deepEqual(left.toSorted(), ['get /audit/verify', 'get /backup', 'get /events'])
  })

  test('and docs/admin.md name the same routes', async () => {
    const { paths } = await readDocument()
    const served = adminRoutes(paths).map((route) => route.replace(/^\w+/, (m) => m.toUpperCase()))
    const text = await readFile(join(import.meta.dirname, '../../docs/admin.md'), 'utf8')
    const listed = [...text.matchAll(/^\| `([A-Z]+ \/[^`]*)` \|/gm)].map(([, route = '']) => route)
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
