/** The OpenAPI 3.1 document of the whole server, built from the routes that it really has. */
import type { MountedSurface } from './app.ts'
import type { Route } from './surface.ts'

type Json = Readonly<Record<string, unknown>>

export interface OpenApiDocument extends Json {
  readonly openapi: '3.1.0'
  readonly paths: Readonly<Record<string, Readonly<Record<string, Json>>>>
}

export interface DocumentOptions {
  readonly mounts: readonly Pick<
    MountedSurface,
    'module' | 'surface' | 'prefix' | 'host' | 'longestTokenMs'
  >[]
  /** The public URL, without a slash at the end. */
  readonly publicUrl: string
  /** Version of Outright. */
  readonly version: string
  /** Whether the demo's identities may be named. Default false. */
  readonly isDemo?: boolean
}

/** Where the document is served. */
export const OPENAPI_PATH = '/outright/v1/openapi.json'

/** Every way to authenticate that an operation may name. */
export const securitySchemes: Readonly<Record<string, Json>> = {
  adminToken: {
    type: 'http',
    scheme: 'bearer',
    description: 'The installation’s admin token (`OUTRIGHT_ADMIN_TOKEN`)',
  },
  operatorSession: {
    type: 'apiKey',
    in: 'cookie',
    name: 'outright-operator',
    description:
      'An operator who has signed in at `/console/sign-in`, with the role that is listed beside it. Over TLS the cookie is `__Host-outright-operator`',
  },
  accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  basic: { type: 'http', scheme: 'basic' },
  guardCredential: {
    type: 'http',
    scheme: 'bearer',
    description: 'The credential of a guard, from `outright guard add`',
  },
}

function guide(isDemo: boolean): string {
  return `A logout server. When the answer to a logout says *done*, every enrolled verifier refuses what
was logged out.

**Log a person out**

1. Log in at one of the five APIs below${isDemo ? '; the identities of the demo are on the [front page](/)' : ''}.
   *DirectLink*, say: \`POST /directlink/v1/auth/login\` with user and password.
2. Press **Authorize**, and paste the token that the answer holds.
3. Call the logout of that API, and then anything else with the same token: it is refused.

**End sessions as an operator**

1. Press **Authorize** and give the admin token${isDemo ? ' (it is on that page)' : ''} as \`adminToken\`.
2. Look at *Sessions*; end one, a subject, a client or everyone with \`POST /outright/v1/revocations\`.

**Every logout** answers when all enrolled verifiers have applied it or can no longer accept anything. The
headers \`Outright-Revocation\` and \`Outright-Confirmed\` are the receipt; \`Prefer: respond-async\` asks not
to wait.`
}

/** Builds the document. Operations without an id get one from their method and path. */
export function buildDocument(options: DocumentOptions): OpenApiDocument {
  const { mounts, publicUrl, version, isDemo = false } = options
  const paths: Record<string, Record<string, Json>> = {}
  const schemas = new Map<string, Json>()
  const ids = new Set<string>()
  const tags = new Map<string, Tag>()
  for (const { module, surface, prefix, host, longestTokenMs } of mounts) {
    for (const route of surface.routes) {
      const operation = writeOperation(route, module.title, prefix, ids)
      for (const name of operation.tags)
        tags.set(name, { rank: rankOf(module, name), longestTokenMs })
      const path = templateOf(prefix + route.path)
      const methods = (paths[path] ??= {})
      const servers = host === undefined ? {} : { servers: [{ url: withHost(publicUrl, host) }] }
      methods[route.method.toLowerCase()] = hoist({ ...operation, ...servers }, schemas) as Json
    }
  }
  paths[OPENAPI_PATH] = { get: documentOperation }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Outright',
      version,
      description: guide(isDemo),
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    // Relative, so that the page calls the server that it came from, by whatever name and port.
    servers: [{ url: new URL(publicUrl).pathname }],
    tags: [...tags].sort(([, one], [, other]) => one.rank - other.rank).map(writeTag),
    paths,
    components: { securitySchemes, schemas: Object.fromEntries(schemas) },
  }
}

interface Tag {
  readonly rank: number
  readonly longestTokenMs: number | undefined
}

function writeTag([name, { longestTokenMs: ms }]: readonly [string, Tag]): Json {
  if (ms === undefined) return { name }
  return { name, description: `Access tokens live at most ${String(ms / 1000)} s` }
}

/** The dialects first, then what an operator calls, then what is for machines. */
function rankOf({ kind, title }: MountedSurface['module'], tag: string): number {
  if (kind === 'dialect') return 0
  return tag === title ? 2 : 1
}

const documentOperation: Json = {
  operationId: 'openapi',
  tags: ['Operations'],
  summary: 'This document',
  responses: { 200: { description: 'OpenAPI 3.1', content: { 'application/json': {} } } },
}

interface Operation extends Json {
  readonly tags: readonly string[]
}

function writeOperation(route: Route, title: string, prefix: string, ids: Set<string>): Operation {
  const { operationId, parameters, tags, ...rest } = route.operation
  const given = typeof operationId === 'string' ? operationId : undefined
  return {
    operationId: uniqueId(given ?? idOf(route, prefix), route, ids),
    // A surface that is large has tags of its own.
    tags: (tags as readonly string[] | undefined) ?? [title],
    ...rest,
    parameters: [
      ...pathParameters(route, parameters),
      ...((parameters as readonly Json[] | undefined) ?? []),
    ],
  }
}

/** Fastify's `:name` and `*` as OpenAPI writes them. */
function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}').replace(/\*$/, `{${REST}}`)
}

/** The name that what `*` stands for has in the document. */
const REST = 'rest'

function idOf({ method, path }: Route, prefix: string): string {
  const words = (prefix + path.replace(/\*$/, REST))
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('')
  return method.toLowerCase() + name
}

/** One operation may be served at several methods and paths; each then needs its own id. */
function uniqueId(wanted: string, route: Route, ids: Set<string>): string {
  let id = wanted
  if (ids.has(id)) id = `${wanted}_${idOf(route, '')}`
  for (let count = 2; ids.has(id); count++) id = `${wanted}_${String(count)}`
  ids.add(id)
  return id
}

/** The parameters of the path that the operation does not describe itself. */
function pathParameters({ path }: Route, described: unknown): readonly Json[] {
  const known = new Set(
    (Array.isArray(described) ? (described as Json[]) : [])
      .filter((parameter) => parameter['in'] === 'path')
      .map((parameter) => parameter['name']),
  )
  return [...templateOf(path).matchAll(/\{(\w+)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !known.has(name))
    .map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
}

function withHost(publicUrl: string, host: string): string {
  const url = new URL(publicUrl)
  url.host = host
  return url.href.replace(/\/$/, '')
}

/** Moves every schema that has an `x-schema-name` to the components and leaves a reference. */
function hoist(value: unknown, schemas: Map<string, Json>): unknown {
  if (Array.isArray(value)) return value.map((item) => hoist(item, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { 'x-schema-name': name, ...rest } = value as Json
  const inner = Object.fromEntries(
    Object.entries(rest).map(([key, item]) => [key, hoist(item, schemas)]),
  )
  if (typeof name !== 'string') return inner
  schemas.set(name, inner)
  return { $ref: `#/components/schemas/${name}` }
}
