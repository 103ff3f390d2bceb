/**
 * What operators and verifiers need of every node: health, readiness, metrics and the public keys.
 * Public; nothing here is secret. Who would not show how much a server does gives the metrics a
 * token, or lets the proxy hide them.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import type { PublicKeys } from '../../../core/keys.ts'
import { group, optional, text, type Group } from '../../../settings/schema.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Answer, Surface, SurfaceRequest } from '../../surface.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import type { AnyResponse } from '../../responses.ts'
import { answer, anything, listOf } from '../../schema.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'

interface KeySet {
  readonly keys: readonly Readonly<Record<string, unknown>>[]
}

const keySetPath = '/.well-known/jwks.json'

export interface HealthSettings {
  readonly metricsToken?: string
}

const healthSettings: Group<HealthSettings> = group<HealthSettings>({
  metricsToken: optional(
    text({
      description: 'bearer token of `/metrics`; without it they are open to all',
      variable: 'OUTRIGHT_METRICS_TOKEN',
      secret: true,
      pattern: String.raw`^[\w.~+/-]{16,512}=*$`,
      allowed: '16 to 512 letters, digits and `-`, `.`, `_`, `~`, `+`, `/`',
    }),
  ),
})

export const health: OwnModule<HealthSettings> = defineOwn({
  name: 'health',
  title: 'Operations',
  options: healthSettings,
  page: { path: '/readyz', name: 'Health', what: 'Whether this node may serve now' },
  create: createHealth,
})

function createHealth({ core, node }: SurfaceContext, { metricsToken }: HealthSettings): Surface {
  const mayRead = bearerCheck(metricsToken)
  const routes = [
    route(
      {
        ...look('/healthz', 'The process is up'),
        responses: { 200: plainText('It is.') },
      },
      () => plain(200, 'ok\n'),
    ),
    route(
      {
        ...look('/readyz', 'This node may serve'),
        responses: {
          200: plainText('It can commit and knows every revocation.'),
          503: plainText('It cannot, and why; send no traffic here.'),
        },
      },
      async () => {
        const reason = await node.refusal()
        return reason === undefined
          ? plain(200, 'ready\n')
          : plain(503, `not ready: ${reason}\n`, { 'retry-after': '1' })
      },
    ),
    route(
      {
        ...look('/metrics', 'Metrics in the Prometheus text format'),
        responses: {
          200: plainText('The metrics.'),
          401: problemResponse('A token is set for them, and it was not sent.'),
        },
      },
      async ({ request }) => {
        mayRead(request)
        const { contentType, text: body } = await node.metrics()
        return { status: 200, headers: { 'content-type': contentType }, body }
      },
    ),
    route(
      {
        ...look(keySetPath, 'The public keys of access tokens (RFC 7517, section 5)'),
        // Shorter than a new key is published before it signs.
        cacheControl: 'public, max-age=2',
        responses: {
          200: {
            description:
              'The key set; keys that were retired stay until their last token has expired.',
            type: 'application/jwk-set+json',
            schema: answer<KeySet>({ keys: listOf(anything) }),
          },
        },
      },
      async () => keySet(await core.keys.published()),
    ),
  ]
  return {
    routes,
    owns: (path) => routes.some((one) => one.path === path),
    // Public, and what an application in a browser verifies its tokens with.
    cors: { origins: ['*'], paths: new Set([keySetPath]) },
    renderFailure: problemAnswer,
  }
}

const route = routesWith(problemManners)

function look(path: string, summary: string) {
  return { method: 'GET', path, summary, alsoHead: true } as const
}

function plainText(description: string): AnyResponse {
  return { description, type: 'text/plain' }
}

/** Hashed before they are compared, so that the time tells neither length nor first difference. */
function bearerCheck(token: string | undefined): (request: SurfaceRequest) => void {
  if (token === undefined) return () => undefined
  const expected = hash('sha256', token, 'buffer')
  return (request) => {
    const authorization = readAuthorization(request) ?? refuse({ kind: 'credentials_missing' })
    const presented = authorization.scheme === 'bearer' ? authorization.token : ''
    const isRight = timingSafeEqual(hash('sha256', presented, 'buffer'), expected)
    if (!isRight) refuse({ kind: 'credentials_invalid' })
  }
}

/**
 * The keys that are known are good, also where the store cannot be read: a verifier that starts now
 * can do with them. What it must not do is to take a key that is missing for one that there is
 * not.
 */
function keySet({ keys, areCurrent }: PublicKeys): Answer {
  return {
    status: 200,
    headers: {
      'content-type': 'application/jwk-set+json',
      'access-control-allow-origin': '*',
      ...(areCurrent ? {} : { 'cache-control': 'no-store', 'outright-keys': 'stale' }),
    },
    body: JSON.stringify({ keys }),
  }
}

function plain(status: number, body: string, headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body }
}
