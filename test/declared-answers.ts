/**
 * Every answer that a test gets is held against what its route declares: status, content type and
 * body. What a body has must be described, which is more than JSON Schema asks. Answers of our own
 * that ask to come again say when, declared or not.
 */
import assert from 'node:assert/strict'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { MountedSurface } from '../src/http/app.ts'
import type { Route } from '../src/http/surface.ts'
import type { AnyResponse } from '../src/http/responses.ts'

export interface GivenAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
}

/** @throws {AssertionError} Where the route declares its answers, and not this one. */
export function assertDeclared(
  mounts: readonly MountedSurface[],
  method: string,
  path: string,
  { status, headers, text }: GivenAnswer,
): void {
  const [route, module] = routeAt(mounts, method, path.split('?', 1)[0] ?? '') ?? []
  if (route === undefined) return
  const where = `${method} ${route.path} ${String(status)}`
  // The bytes of the emulated APIs are their documents'.
  const isOurs = module?.kind === 'own' || module?.name === 'oauth'
  if (isOurs && (status === 429 || status === 503)) {
    assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/, `${where} does not say when`)
  }
  if (route.responses === undefined) return
  const form = route.responses[status] ?? route.responses['default']
  assert.ok(form, `${where} is not declared`)
  const [type] = (headers['content-type'] ?? '').split(';')
  if (type === form.alsoType) return
  assert.equal(type, typeOf(form), `${where}: another content type than declared`)
  if (form.schema === undefined) return
  for (const value of valuesIn(type, text)) {
    const complaints = complaintsOf(form.schema, value)
    assert.deepEqual(complaints, [], `${where}: ${JSON.stringify(value)}`)
  }
}

/** The values in a body: one, or one a line, or one an event (WHATWG HTML, section 9.2.6). */
function valuesIn(type: string | undefined, text: string): readonly unknown[] {
  switch (type) {
    case 'application/x-ndjson':
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown)
    case 'text/event-stream':
      return text
        .split('\n\n')
        .filter((block) => block !== '' && !block.startsWith(':'))
        .map((block) =>
          Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/, 2))),
        )
    default:
      return [JSON.parse(text)]
  }
}

/** What of a value its schema does not say. */
export function complaintsOf(schema: TSchema, value: unknown): readonly string[] {
  let validator = validators.get(schema)
  if (validator === undefined) {
    validator = Compile(closed(schema) as TSchema)
    validators.set(schema, validator)
  }
  if (validator.Check(value)) return []
  return validator.Errors(value).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const validators = new WeakMap<TSchema, ReturnType<typeof Compile>>()

/** The schema with every object closed that does not say that it is open. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(Object.entries(schema).map(([key, one]) => [key, closed(one)]))
  return inner['type'] === 'object' ? { additionalProperties: false, ...inner } : inner
}

function typeOf({ type, schema }: AnyResponse): string {
  return type ?? (schema === undefined ? '' : 'application/json')
}

function routeAt(
  mounts: readonly MountedSurface[],
  method: string,
  path: string,
): readonly [Route, MountedSurface['module']] | undefined {
  return mounts
    .filter(({ host }) => host === undefined)
    .flatMap(({ surface, prefix, module }) =>
      surface.routes
        .filter((route) => route.method === method && patternOf(prefix + route.path).test(path))
        .map((route) => [route, module] as const),
    )
    .toSorted(([one], [other]) => namesIn(one.path) - namesIn(other.path) || 0)[0]
}

/** What stands for anything comes after all that is more exact, as at the server. */
function namesIn(path: string): number {
  return path.endsWith('*') ? Number.POSITIVE_INFINITY : path.split(':').length
}

function patternOf(path: string): RegExp {
  const known = patterns.get(path)
  if (known !== undefined) return known
  const escaped = path.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)
  const pattern = new RegExp(`^${escaped.replaceAll(/:\w+/g, '[^/]+').replace(/\*$/, '.*')}$`)
  patterns.set(path, pattern)
  return pattern
}

const patterns = new Map<string, RegExp>()
