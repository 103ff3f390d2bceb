/**
 * The feed of guards over plain HTTP: the snapshot and the log for readers that cannot hold a
 * socket, and where the socket is for who comes without one. It owns their authentication and their
 * bounds; the frames belong to `src/feed`.
 */
import {
  authenticateGuard,
  GUARD_DIALECT,
  hashGuardCredential,
} from '../../../core/guard-credential.ts'
import { refuse } from '../../../domain/failure.ts'
import { feedMediaType, logPage, snapshotStream } from '../../../feed/index.ts'
import { PROBLEM_TYPE_PREFIX } from '../../../protocol/admin-api.ts'
import { feedPath, feedSubprotocolOf, feedVersion } from '../../../protocol/feed.ts'
import { group } from '../../../settings/schema.ts'
import { readAuthorization } from '../../authorization.ts'
import { singleParameter } from '../../body.ts'
import type { DialectContext } from '../../context.ts'
import type { Answer, Dialect, DialectRequest, Route } from '../../dialect.ts'
import { problemAnswer } from '../../problem.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'

/** The credential of the demo's guard. */
export const DEMO_GUARD_CREDENTIAL = 'outright-demo-guard'

export const feed: OwnModule<object> = defineOwn({
  name: 'feed',
  title: 'Feed of guards',
  options: group<object>({}),
  demo: {
    clients: [
      {
        id: 'guard-demo',
        dialect: GUARD_DIALECT,
        key: DEMO_GUARD_CREDENTIAL,
        name: 'Demo guard',
        secretHash: hashGuardCredential(DEMO_GUARD_CREDENTIAL),
      },
    ],
    shown: { who: 'credential of a guard', secret: DEMO_GUARD_CREDENTIAL },
  },
  create: createFeed,
})

const SNAPSHOT_PATH = '/outright/v1/snapshot'
const LOG_PATH = '/outright/v1/log'
const MAX_LOG_PAGE = 10_000
/** Entries in one piece of a snapshot: more than arrive while it is sent, so that it ends. */
const SNAPSHOT_PIECE = 4096

function createFeed(context: DialectContext): Dialect {
  const routes = [feedRoute, snapshotRoute(context), logRoute(context)]
  return {
    routes,
    owns: (path) => routes.some((route) => route.path === path),
    renderFailure: problemAnswer,
  }
}

function snapshotRoute({ core, node }: DialectContext): Route {
  const { hub, replica } = node
  return {
    method: 'GET',
    path: SNAPSHOT_PATH,
    operation: feedOperation('Everything that a verifier must know now, without a lease'),
    async handle(request) {
      await authenticate(core.dependencies, request)
      const [self] = hub.verifiers()
      const position = self?.position ?? new Map<string, number>()
      const pieces = replica.chunks(SNAPSHOT_PIECE)
      return frames(asynchronous(snapshotStream(pieces, position, () => replica.overSeconds)))
    },
  }
}

function logRoute({ core }: DialectContext): Route {
  const { store } = core.dependencies
  return {
    method: 'GET',
    path: LOG_PATH,
    alsoHead: true,
    operation: {
      ...feedOperation('Entries of one stream after a sequence number, without a lease'),
      parameters: [
        { name: 'after', in: 'query', schema: { type: 'integer', minimum: 0, default: 0 } },
        { name: 'stream', in: 'query', schema: { type: 'string' } },
      ],
    },
    async handle(request) {
      await authenticate(core.dependencies, request)
      const stream = singleParameter(request.query, 'stream') ?? store.stream
      const after = Number(singleParameter(request.query, 'after') ?? '0')
      if (!Number.isSafeInteger(after) || after < 0) {
        const reason = 'it is not a sequence number'
        return refuse({ kind: 'invalid_parameter', parameter: 'after', reason })
      }
      const entries = await store.readStream(stream, after, MAX_LOG_PAGE)
      return frames(Buffer.from(logPage(stream, after, entries)))
    },
  }
}

/** Its readers are guards, by their credential. */
async function authenticate(
  dependencies: Parameters<typeof authenticateGuard>[0],
  request: DialectRequest,
): Promise<void> {
  const authorization = readAuthorization(request)
  if (authorization?.scheme !== 'bearer') return refuse({ kind: 'credentials_missing' })
  await authenticateGuard(dependencies, authorization.token)
}

function frames(body: Buffer | AsyncIterable<Uint8Array>): Answer {
  return { status: 200, headers: { 'content-type': feedMediaType }, body }
}

async function* asynchronous(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk
    // Other requests have their turn between two pieces.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Where the feed is, for a caller without a WebSocket (RFC 9110, section 15.5.22). */
const feedRoute: Route = {
  method: 'GET',
  path: feedPath,
  operation: {
    summary: 'The feed of guards: a WebSocket',
    description: `Subprotocol \`${feedSubprotocolOf(feedVersion)}\`; \`docs/feed.md\` has the frames.`,
    security: [{ guardCredential: [] }],
    responses: {
      101: { description: 'Frames follow' },
      426: { description: 'The request offers no WebSocket' },
    },
  },
  handle: () => ({
    status: 426,
    headers: {
      'content-type': 'application/problem+json',
      upgrade: 'websocket',
      connection: 'upgrade, close',
    },
    body: JSON.stringify({
      type: `${PROBLEM_TYPE_PREFIX}upgrade-required`,
      title: 'A WebSocket is needed here',
      status: 426,
      detail: `The feed is a WebSocket with the subprotocol ${feedSubprotocolOf(feedVersion)}`,
    }),
  }),
}

function feedOperation(summary: string): Readonly<Record<string, unknown>> {
  return {
    summary,
    security: [{ guardCredential: [] }],
    responses: {
      200: {
        description: 'Frames of the feed, each behind its length',
        content: { [feedMediaType]: { schema: { type: 'string', format: 'binary' } } },
      },
      401: { description: 'The credential is missing or not a guard’s' },
    },
  }
}
