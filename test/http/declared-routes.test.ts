/** A route that is declared once checks what it is sent, and is described by what it checks. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { routesWith } from '../../src/http/declared-route.ts'
import type { Surface, Route } from '../../src/http/surface.ts'
import type { InputProblem } from '../../src/http/input.ts'
import { problemAnswer } from '../../src/http/problem.ts'
import {
  answer,
  anyText,
  choice,
  count,
  flag,
  listOf,
  optional,
  strict,
  text,
} from '../../src/http/schema.ts'
import { defineDialect, type DialectModule } from '../../src/http/surface-module.ts'
import { group } from '../../src/settings/schema.ts'
import { assertDeclared, complaintsOf } from '../declared-answers.ts'
import { startTestServer, type TestServer } from '../harness.ts'

let problems: readonly InputProblem[] = []

const route = routesWith({
  refuse: (found) => {
    problems = found
    throw new Error('refused')
  },
})

interface Query {
  readonly page?: number
  readonly all?: boolean
}

interface Body {
  readonly name: string
  readonly colour?: 'red' | 'blue'
  readonly tags?: readonly string[]
}

const paint: Route = route(
  {
    method: 'POST',
    path: '/paint/:id',
    summary: 'Paint',
    query: strict<Query>({
      page: optional(count({ description: 'Which page', minimum: 1, maximum: 9 })),
      all: optional(flag({})),
    }),
    body: strict<Body>(
      {
        name: text(5, {}, (value) => (value.includes(' ') ? 'must not hold spaces' : undefined)),
        colour: optional(choice(['red', 'blue'], {})),
        tags: optional(listOf(text(3), { maxItems: 2 })),
      },
      { name: 'Paint' },
    ),
    responses: {
      200: { description: 'Done', schema: answer<{ readonly done: string }>({ done: anyText() }) },
      204: { description: 'Nothing to do' },
    },
  },
  (call) => {
    const { page = 1, all = false } = call.query()
    const { name } = call.body()
    return call.json(200, { done: [call.param('id'), page, all, name].join(' ') })
  },
)

const module: DialectModule<object> = defineDialect({
  name: 'painter',
  title: 'Painter',
  options: group<object>({}),
  create: (): Surface => ({
    routes: [paint],
    owns: (path) => path.startsWith('/paint/'),
    renderFailure: problemAnswer,
  }),
})

let server: TestServer
before(async () => {
  server = await startTestServer({
    oneNode: true,
    config: { customDialects: [{ dialect: module }] },
  })
})
after(() => server.close())

/** What is wrong with a call, in the order in which it is found. */
async function wrongIn(query: string, body: unknown): Promise<readonly string[]> {
  problems = []
  await fetch(`${server.url}/paint/7${query}`, { method: 'POST', body: JSON.stringify(body) })
  return problems.map((problem) => {
    const { part, at, kind } = problem
    const more =
      kind === 'out_of_range' ? problem.rule : kind === 'wrong_type' ? problem.wanted : undefined
    return [`${part}/${at.join('/')}`, kind, ...(more === undefined ? [] : [more])].join(' ')
  })
}

suite('a declared route', () => {
  test('gives its handler what it was sent, in the declared types', async () => {
    const reply = await server.call('POST', '/paint/7?page=2&all=true', { body: { name: 'ann' } })
    assert.deepEqual([reply.status, reply.json()], [200, { done: '7 2 true ann' }])
  })

  test('names every problem with a body, each of a kind from a closed list', async () => {
    assert.deepEqual(await wrongIn('', {}), ['body/name missing'])
    assert.deepEqual(await wrongIn('', { name: 1 }), ['body/name wrong_type string'])
    assert.deepEqual(await wrongIn('', { name: '' }), ['body/name out_of_range must not be empty'])
    assert.deepEqual(await wrongIn('', { name: 'a b' }), [
      'body/name out_of_range must not hold spaces',
    ])
    assert.deepEqual(await wrongIn('', { name: 'a', colour: 'pink', tags: ['x', 1], size: 3 }), [
      'body/size unknown',
      'body/colour out_of_range must be one of red, blue',
      'body/tags/1 wrong_type string',
    ])
    assert.deepEqual(await wrongIn('', { name: 'a', tags: ['x', 'y', 'z'] }), [
      'body/tags out_of_range has more than 2 entries',
    ])
    // More than TypeBox tells of.
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, number) => [`x${number}`, 1]))
    const unknown = await wrongIn('', { name: 'a', ...many })
    assert.ok(unknown.length > 0 && unknown.every((one) => one.endsWith('unknown')))
    assert.deepEqual(await wrongIn('', { name: 'a', ['__proto__x']: 1 }), [
      'body/__proto__x unknown',
    ])
  })

  test('counts UTF-16 units, as every bound of ours does', async () => {
    assert.deepEqual(await wrongIn('', { name: '🙂🙂' }), [])
    assert.deepEqual(await wrongIn('', { name: '🙂🙂🙂' }), [
      'body/name out_of_range must have at most 5 characters',
    ])
  })

  test('reads a query as its types say, and each name once', async () => {
    const body = { name: 'a' }
    assert.deepEqual(await wrongIn('?page=1e0', body), ['query/page wrong_type integer'])
    assert.deepEqual(await wrongIn('?page=10', body), [
      'query/page out_of_range must be a whole number from 1 to 9',
    ])
    assert.deepEqual(await wrongIn('?all=yes', body), ['query/all wrong_type boolean'])
    assert.deepEqual(await wrongIn('?page=1&page=1', body), ['query/page twice'])
    assert.deepEqual(await wrongIn('?x=1&__proto__=2', body), [
      'query/x unknown',
      'query/__proto__ unknown',
    ])
  })

  test('is described by what it checks', async () => {
    const { paths, components } = (
      await server.call('GET', '/outright/v1/openapi.json')
    ).json() as {
      paths: Record<string, Record<string, { parameters: object[]; requestBody: object }>>
      components: { schemas: Record<string, object> }
    }
    const { parameters, requestBody } = paths['/paint/{id}']?.['post'] ?? assert.fail()
    assert.deepEqual(parameters, [
      { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
      {
        name: 'page',
        in: 'query',
        description: 'Which page',
        schema: { type: 'integer', minimum: 1, maximum: 9 },
      },
      { name: 'all', in: 'query', schema: { type: 'boolean' } },
    ])
    assert.deepEqual(requestBody, {
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Paint' } } },
    })
    assert.deepEqual(components.schemas['Paint'], {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 5 },
        colour: { enum: ['red', 'blue'] },
        tags: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 3 }, maxItems: 2 },
      },
      additionalProperties: false,
    })
  })
})

test('an answer that is not as declared fails the test that got it', () => {
  const mounts = [{ module, surface: module.create({} as never, {}), prefix: '', host: undefined }]
  const json = { 'content-type': 'application/json' }
  const check =
    (status: number, text: string, headers: Record<string, string> = json) =>
    () => {
      assertDeclared(mounts, 'POST', '/paint/7', { status, headers, text })
    }
  assert.doesNotThrow(check(200, '{"done":"x"}'))
  assert.throws(check(200, '{"done":1}'), /done must be string/)
  assert.throws(check(200, '{}'), /required properties done/)
  assert.throws(check(200, '{"done":"x","more":1}'), /additional properties/)
  assert.throws(check(200, '{"done":"x"}', { 'content-type': 'text/html' }), /content type/)
  assert.throws(check(201, '{"done":"x"}'), /201 is not declared/)
  assert.doesNotThrow(check(204, '', {}))
})

test('every example of a declared answer is one', () => {
  for (const { surface } of server.mounts) {
    for (const { path, responses = {} } of surface.routes) {
      for (const [status, { schema, example, examples = {} }] of Object.entries(responses)) {
        if (schema === undefined) continue
        const given = [example, ...Object.values(examples).map(({ value }) => value)]
        for (const one of given.filter((value) => value !== undefined)) {
          assert.deepEqual(complaintsOf(schema, one), [], `${path} ${status}`)
        }
      }
    }
  }
})
