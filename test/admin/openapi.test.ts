import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { buildDocument, securitySchemes } from '../../src/http/openapi.ts'
import { useApi } from './api.ts'

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly Record<string, unknown>[]
  readonly parameters?: readonly { name: string; in: string; schema?: object }[]
  readonly responses?: Record<string, { description?: string }>
}

interface Document {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    readonly schemas: Record<string, object>
    readonly securitySchemes: Record<string, object>
  }
}

suite('the OpenAPI document', () => {
  const api = useApi()
  let cached: Document | undefined
  const document = async (): Promise<Document> =>
    (cached ??= (await api.server.call('GET', '/outright/v1/openapi.json')).json() as Document)
  const operations = async () =>
    Object.entries((await document()).paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )

  test('is public and of version 3.1', async () => {
    const reply = await api.server.call('GET', '/outright/v1/openapi.json')
    assert.equal(reply.status, 200)
    assert.match(reply.headers['content-type'] ?? '', /^application\/json/)
    const { openapi, info } = await document()
    assert.equal(openapi, '3.1.0')
    assert.equal(info.title, 'Outright')
    assert.match(info.version, /^\d+\.\d+\.\d+/)
  })

  test('has every dialect', async () => {
    const paths = Object.keys((await document()).paths)
    for (const path of [
      '/directlink/v1/auth/logout',
      '/api/v1/logout',
      '/auth/logout',
      '/outright/v1/revocations',
      '/outright/v1/subjects/{id}',
      '/healthz',
      '/outright/v1/openapi.json',
    ]) {
      assert.ok(paths.includes(path), path)
    }
    const logout = (await document()).paths['/api/v1/logout']
    // Matar's and Adobe Pass's live at one path and differ by method.
    assert.ok(logout?.['post'] && logout['delete'])
  })

  test('every operation is whole', async () => {
    const ids = new Set<string>()
    for (const { path, method, operation } of await operations()) {
      const where = `${method} ${path}`
      assert.match(path, /^(\/[\w.~-]+|\/\{\w+\})*\/?$/, where)
      assert.match(method, /^(get|head|post|put|patch|delete|options)$/, where)
      assert.ok(operation.operationId, where)
      assert.ok(!ids.has(operation.operationId), `${operation.operationId} is there twice`)
      ids.add(operation.operationId)
      assert.ok(operation.summary, where)
      assert.equal(operation.tags?.length, 1, where)
      const responses = Object.entries(operation.responses ?? {})
      assert.ok(responses.length > 0, where)
      for (const [status, { description }] of responses) {
        assert.match(status, /^([1-5]\d\d|default)$/, where)
        assert.equal(typeof description, 'string', `${where} ${status}`)
      }
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort()
      const described = (operation.parameters ?? [])
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name)
        .sort()
      assert.deepEqual(described, inPath, where)
      const all = (operation.parameters ?? []).map((one) => `${one.in} ${one.name}`)
      assert.equal(new Set(all).size, all.length, `${where}: a parameter is there twice`)
    }
  })

  test('every security scheme and every reference leads somewhere', async () => {
    const { components } = await document()
    for (const { path, method, operation } of await operations()) {
      for (const scheme of (operation.security ?? []).flatMap((one) => Object.keys(one))) {
        assert.ok(components.securitySchemes[scheme], `${method} ${path}: ${scheme}`)
      }
    }
    const text = JSON.stringify(await document())
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      assert.ok(name !== undefined && components.schemas[name], name)
    }
    assert.ok(!text.includes('x-schema-name'))
    assert.ok(!/"\$ref":"(?!#\/components\/)/.test(text))
  })

  test('the page is there, from this server alone', async () => {
    const page = await api.server.call('GET', '/docs/')
    assert.equal(page.status, 200)
    const policy = page.headers['content-security-policy'] ?? ''
    assert.match(policy, /default-src 'none'/)
    assert.ok(!policy.includes('http'), policy)
    assert.ok(!/(src|href)="(https?:)?\/\//.test(page.text))
    for (const [, file] of page.text.matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
      const reply = await api.server.call('GET', `/docs/${file ?? ''}`)
      assert.equal(reply.status, 200, file)
    }
  })
})

test('buildDocument() keeps ids apart where one operation is served twice', () => {
  const operation = { summary: 'x', operationId: 'same', responses: { 200: { description: '' } } }
  const handle = () => ({ status: 200 })
  const module = { kind: 'dialect', name: 'sample', title: 'Sample' } as const
  const surface = {
    routes: [
      { method: 'GET', path: '/a/:id', operation, handle },
      { method: 'POST', path: '/a/:id', operation, handle },
    ],
    owns: () => false,
    renderFailure: handle,
  } as const
  const { paths } = buildDocument({
    mounts: [{ module, surface, prefix: '/sample', host: 'sample.example' }],
    publicUrl: 'https://auth.example',
    version: '1.0.0',
  })
  const methods = paths['/sample/a/{id}'] ?? {}
  assert.notEqual(methods['get']?.['operationId'], methods['post']?.['operationId'])
  assert.deepEqual(methods['get']?.['servers'], [{ url: 'https://sample.example' }])
  assert.deepEqual(methods['get']?.['tags'], ['Sample'])
  assert.ok(Object.keys(securitySchemes).length > 0)
})
