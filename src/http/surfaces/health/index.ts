/**
 * What operators and verifiers need of every node: health, readiness, metrics and the public keys.
 * Open to everybody; nothing here is secret. Who would not show how much a server does gives the
 * metrics a token, or lets the proxy hide them.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { refuse } from '../../../domain/failure.ts'
import { readAuthorization } from '../../authorization.ts'
import type { KeyRing, PublicKeys } from '../../../core/key-ring.ts'
import type { Answer, Dialect, DialectRequest, Route } from '../../dialect.ts'
import { problemAnswer } from '../../problem.ts'

export interface OperationsOptions {
  readonly keys: KeyRing
  /** Resolves with why this node must not serve; undefined where it may. */
  readonly refusal: () => Promise<string | undefined>
  /** What `/metrics` wants as a bearer token; undefined: it is open to everybody. */
  readonly metricsToken: string | undefined
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

export function createOperations(options: OperationsOptions): Dialect {
  const { keys, refusal, metrics, metricsToken } = options
  const mayRead = bearerCheck(metricsToken)
  const routes: readonly Route[] = [
    {
      method: 'GET',
      path: '/healthz',
      operation: operation('The process is up', { 200: 'It is.' }),
      handle: () => text(200, 'ok\n'),
    },
    {
      method: 'GET',
      path: '/readyz',
      operation: operation('This node may serve', {
        200: 'It can commit and knows every revocation.',
        503: 'It cannot, and why; send no traffic here.',
      }),
      async handle() {
        const reason = await refusal()
        return reason === undefined ? text(200, 'ready\n') : text(503, `not ready: ${reason}\n`)
      },
    },
    {
      method: 'GET',
      path: '/metrics',
      operation: operation('Metrics in the Prometheus text format', {
        200: 'The metrics.',
        401: 'A token is set for them, and it was not sent.',
      }),
      async handle(request) {
        mayRead(request)
        const { contentType, text: body } = await metrics()
        return { status: 200, headers: { 'content-type': contentType }, body }
      },
    },
    {
      method: 'GET',
      path: '/.well-known/jwks.json',
      operation: operation('The public keys of access tokens (RFC 7517, section 5)', {
        200: 'The key set; keys that were retired stay until their last token has expired.',
      }),
      // Shorter than a new key is published before it signs.
      cacheControl: 'public, max-age=2',
      handle: async () => keySet(await keys.publicKeys()),
    },
  ]
  return {
    name: 'operations',
    routes: routes.map((route) => ({ ...route, alsoHead: true })),
    owns: (path) => routes.some((route) => route.path === path),
    renderFailure: (failure) => problemAnswer(failure),
  }
}

/** Hashed before they are compared, so that the time tells neither length nor first difference. */
function bearerCheck(token: string | undefined): (request: DialectRequest) => void {
  if (token === undefined) return () => undefined
  const expected = digest(token)
  return (request) => {
    const authorization = readAuthorization(request) ?? refuse({ kind: 'credentials_missing' })
    const presented = authorization.scheme === 'bearer' ? authorization.token : ''
    if (!timingSafeEqual(digest(presented), expected)) refuse({ kind: 'credentials_invalid' })
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
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

function text(status: number, body: string): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body }
}

function operation(
  summary: string,
  responses: Readonly<Record<number, string>>,
): Readonly<Record<string, unknown>> {
  return {
    summary,
    tags: ['operations'],
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, description]) => [status, { description }]),
    ),
  }
}
