/** What the admin API needs of the node: its verifiers, receipts in detail, and copies of the data. */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CoreDependencies } from '../core/dependencies.ts'
import { authenticateGuard } from '../core/guard-credential.ts'
import { refuse } from '../domain/failure.ts'
import type { Position } from '../domain/revocation.ts'
import {
  feedMediaType,
  logPage,
  snapshotStream,
  type FeedHub,
  type VerifierStatus,
} from '../feed/index.ts'
import type { Answer, DialectRequest, Route } from '../http/dialect.ts'
import type { AdminOptions, Download } from '../http/surfaces/admin/index.ts'
import { readAuthorization } from '../http/authorization.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { singleParameter } from '../http/body.ts'
import type { NodeLeases } from '../ports/node-lease.ts'
import { PROBLEM_TYPE_PREFIX, type WireVerifier } from '../protocol/admin-api.ts'
import { feedPath, feedSubprotocolOf, feedVersion } from '../protocol/feed.ts'
import type { Replica } from '../verifier/replica.ts'
import type { Config } from './config.ts'
import type { NodeLags } from './node-lags.ts'
import { SNAPSHOT_PIECE } from './verification.ts'

export interface AdminParts {
  readonly config: Config
  readonly addresses: ClientAddresses
  readonly dependencies: CoreDependencies
  readonly hub: FeedHub
  readonly leases: NodeLeases | undefined
  readonly nodeLags: NodeLags | undefined
  readonly replica: Replica
  readonly stopping: AbortSignal
  /** Undefined where the store has tools of its own for it (PostgreSQL). */
  readonly backup: ((to: string) => Promise<void>) | undefined
}

export function adminOptions(parts: AdminParts): AdminOptions {
  const { config, addresses, hub, backup, stopping } = parts
  return {
    adminToken: config.adminToken,
    addresses: () => addresses.notices,
    stopping,
    verifiers: () => Promise.resolve([...wireVerifiers(hub.verifiers()), ...otherNodes(parts)]),
    receiptDetail: (revocationId) =>
      Promise.resolve(
        hub.detailedReceipt(revocationId)?.outcomes.map(({ name, outcome, afterMs }) => ({
          verifier: name,
          outcome,
          elapsedMs: Math.round(afterMs),
        })),
      ),
    ...(backup === undefined ? {} : { backup: () => download(config.dataDir, backup) }),
    routes: feedRoutes(parts),
  }
}

function wireVerifiers(verifiers: readonly VerifierStatus[]): readonly WireVerifier[] {
  const head = verifiers[0]?.position ?? new Map<string, number>()
  return verifiers.map((verifier) => {
    const { position, leaseLeftMs, lagMs, connectedSinceMs, kind } = verifier
    return {
      id: verifier.id,
      kind,
      name: verifier.name,
      address: verifier.address ?? null,
      fresh: kind === 'node' || (leaseLeftMs ?? 0) > 0,
      leaseLeftMs: leaseLeftMs === undefined ? null : Math.round(leaseLeftMs),
      behind: behind(head, position),
      lagMs: lagMs === undefined ? null : Math.round(lagMs),
      connectedAt: connectedSinceMs === undefined ? null : new Date(connectedSinceMs).toISOString(),
    }
  })
}

/** The other nodes, each speaking for itself and its guards. */
function otherNodes({ hub, leases, nodeLags }: AdminParts): readonly WireVerifier[] {
  const others = leases?.others() ?? []
  const head = hub.verifiers()[0]?.position ?? new Map<string, number>()
  return others.map(({ name, acknowledged, mayHoldLease }) => {
    const measuredMs = nodeLags?.of(name)
    const ageMs = hub.ageAfter(acknowledged)
    return {
      id: name,
      kind: 'node',
      name,
      address: null,
      fresh: mayHoldLease,
      leaseLeftMs: null,
      behind: behind(head, acknowledged),
      lagMs:
        measuredMs === undefined && ageMs === 0
          ? null
          : Math.round(Math.max(measuredMs ?? 0, ageMs)),
      connectedAt: null,
    }
  })
}

function behind(head: Position, reached: Position | undefined): number {
  let entries = 0
  for (const [stream, sequence] of head) {
    entries += Math.max(0, sequence - (reached?.get(stream) ?? 0))
  }
  return entries
}

/** Copies to a file beside the database and sends it. */
async function download(dataDir: string, backup: (to: string) => Promise<void>): Promise<Download> {
  const folder = await mkdtemp(join(dataDir, 'backup-'))
  const file = join(folder, 'outright.db')
  try {
    await backup(file)
    // Its name goes at once; its bytes when the last reader closes it, whether it read them or not.
    const handle = await open(file)
    const { size } = await handle.stat()
    return { sizeBytes: size, chunks: handle.createReadStream() }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const MAX_LOG_PAGE = 10_000

/** The feed for readers that cannot hold a socket. They are guards, by their credential. */
function feedRoutes({ dependencies, hub, replica }: AdminParts): readonly Route[] {
  const { store } = dependencies
  const authenticate = async (request: DialectRequest): Promise<void> => {
    const authorization = readAuthorization(request)
    if (authorization?.scheme !== 'bearer') return refuse({ kind: 'credentials_missing' })
    await authenticateGuard(dependencies, authorization.token)
  }
  const frames = (body: Answer['body']): Answer => ({
    status: 200,
    headers: { 'content-type': feedMediaType },
    ...(body === undefined ? {} : { body }),
  })
  return [
    feedRoute,
    {
      method: 'GET',
      path: '/outright/v1/snapshot',
      operation: feedOperation('Everything that a verifier must know now, without a lease'),
      async handle(request) {
        await authenticate(request)
        const [self] = hub.verifiers()
        const position = self?.position ?? new Map<string, number>()
        return frames(
          asynchronous(
            snapshotStream(replica.chunks(SNAPSHOT_PIECE), position, () => replica.overSeconds),
          ),
        )
      },
    },
    {
      method: 'GET',
      path: '/outright/v1/log',
      alsoHead: true,
      operation: {
        ...feedOperation('Entries of one stream after a sequence number, without a lease'),
        parameters: [
          { name: 'after', in: 'query', schema: { type: 'integer', minimum: 0, default: 0 } },
          { name: 'stream', in: 'query', schema: { type: 'string' } },
        ],
      },
      async handle(request) {
        await authenticate(request)
        const stream = singleParameter(request.query, 'stream') ?? store.stream
        const after = Number(singleParameter(request.query, 'after') ?? '0')
        if (!Number.isSafeInteger(after) || after < 0) {
          const reason = 'it is not a sequence number'
          return refuse({ kind: 'invalid_parameter', parameter: 'after', reason })
        }
        const entries = await store.readStream(stream, after, MAX_LOG_PAGE)
        return frames(Buffer.from(logPage(stream, after, entries)))
      },
    },
  ]
}

/** Where the feed is, for whoever comes without a WebSocket (RFC 9110, section 15.5.22). */
const feedRoute: Route = {
  method: 'GET',
  path: feedPath,
  operation: {
    summary: 'The feed of guards: a WebSocket',
    description: `Subprotocol \`${feedSubprotocolOf(feedVersion)}\`; \`docs/feed.md\` has the frames.`,
    tags: ['feed'],
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

async function* asynchronous(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    yield chunk
    // Other requests have their turn between two pieces.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

function feedOperation(summary: string): Readonly<Record<string, unknown>> {
  return {
    summary,
    tags: ['feed'],
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
