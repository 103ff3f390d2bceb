/**
 * The feed of guards over plain HTTP: the snapshot and the log for readers that cannot hold a
 * socket, and where the socket is for who comes without one. It owns their authentication and their
 * bounds; the frames belong to `src/feed`.
 */
import { GUARD_DIALECT, hashGuardCredential } from '../../../core/guard-credential.ts'
import type { Checkpoint } from '../../../domain/checkpoint.ts'
import { feedMediaType, logPage, snapshotStream } from '../../../feed/index.ts'
import { feedPath, feedSubprotocolOf, feedVersion } from '../../../protocol/feed.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Answer, Surface, Route } from '../../surface.ts'
import { routesWith } from '../../declared-route.ts'
import { problemAnswer, problemDocument } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import { requireGuard } from '../../require-guard.ts'
import { count, lenient, optional, text } from '../../schema.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'

/** The credential of the demo's guard. */
export const DEMO_GUARD_CREDENTIAL = 'outright-demo-guard'

export const feed: OwnModule<object> = definePlain({
  name: 'feed',
  title: 'Feed of guards',
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

const route = routesWith(problemManners)

const SNAPSHOT_PATH = '/outright/v1/snapshot'
const LOG_PATH = '/outright/v1/log'
const MAX_LOG_PAGE = 10_000
/** Entries in one piece of a snapshot: more than arrive while it is sent, so that it ends. */
const SNAPSHOT_PIECE = 4096

function createFeed(context: SurfaceContext): Surface {
  const routes = [feedRoute, snapshotRoute(context), logRoute(context)]
  return {
    routes,
    owns: (path) => routes.some((one) => one.path === path),
    renderFailure: problemAnswer,
  }
}

function snapshotRoute({ core, node }: SurfaceContext): Route {
  const { hub, replica } = node
  return route(
    {
      method: 'GET',
      path: SNAPSHOT_PATH,
      summary: 'Everything that a verifier must know now, without a lease',
      security: [{ guardCredential: [] }],
      responses: frameResponses,
    },
    async ({ request }) => {
      await requireGuard(core, request)
      const [self] = hub.verifiers()
      const position = self?.position ?? new Map<string, number>()
      const pieces = replica.chunks(SNAPSHOT_PIECE)
      return frames(asynchronous(snapshotStream(pieces, position, () => replica.overSeconds)))
    },
  )
}

interface LogQuery {
  readonly after?: number
  readonly stream?: string
}

function logRoute({ core }: SurfaceContext): Route {
  const { revocations } = core
  return route(
    {
      method: 'GET',
      path: LOG_PATH,
      alsoHead: true,
      summary: 'Entries of one stream after a sequence number, without a lease',
      security: [{ guardCredential: [] }],
      query: lenient<LogQuery>({
        after: optional(count({ default: 0, maximum: Number.MAX_SAFE_INTEGER })),
        stream: optional(text(2048)),
      }),
      responses: frameResponses,
    },
    async (call) => {
      await requireGuard(core, call.request)
      const { after = 0, stream = revocations.stream } = call.query()
      const entries = await revocations.readStream(stream, after, MAX_LOG_PAGE)
      // Read last: a cut that came in between took some of what was asked for.
      const cut = (await revocations.checkpoints()).find((one) => one.stream === stream)
      if (cut !== undefined && after < cut.sequence) return cutOff(cut)
      return frames(Buffer.from(logPage(stream, after, entries)))
    },
  )
}

const frameResponses = {
  200: { description: 'Frames of the feed, each behind its length', type: feedMediaType },
  401: problemResponse('The credential is missing or not a guard’s'),
  default: problemResponse(),
}

/** Its reader is so far behind that entries are gone: it takes a snapshot, and goes on from there. */
function cutOff({ sequence }: Checkpoint): Answer {
  const kind = { status: 410, title: 'The log was cut behind it' }
  const detail = `The log of this stream begins behind entry ${String(sequence)}: take a snapshot`
  return problemDocument('cut-from-the-log', kind, { detail })
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
const feedRoute: Route = route(
  {
    method: 'GET',
    path: feedPath,
    summary: 'The feed of guards: a WebSocket',
    description: `Subprotocol \`${feedSubprotocolOf(feedVersion)}\`; \`docs/feed.md\` has the frames.`,
    security: [{ guardCredential: [] }],
    responses: {
      101: { description: 'Frames follow' },
      426: problemResponse('The request offers no WebSocket'),
    },
  },
  () => {
    const kind = { status: 426, title: 'A WebSocket is needed here' }
    const detail = `The feed is a WebSocket with the subprotocol ${feedSubprotocolOf(feedVersion)}`
    const headers = { upgrade: 'websocket', connection: 'upgrade, close' }
    return problemDocument('upgrade-required', kind, { detail }, headers)
  },
)
