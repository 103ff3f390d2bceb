import type {
  WireAuditLine,
  WireClient,
  WireClientChanged,
  WireCut,
  WireDelivery,
  WireDialect,
  WireDryRun,
  WireForeignSession,
  WireGuard,
  WireGuardAdded,
  WireIdentityProvider,
  WireMe,
  WireOperator,
  WireOperatorChanged,
  WireOperatorInvited,
  WireKey,
  WireKeyRotated,
  WireNamedRevocation,
  WireReceiver,
  WireRevocationDetail,
  WireRevoked,
  WireSession,
  WireSessionCount,
  WireStatistics,
  WireSubject,
  WireSubjectChanged,
  WireVerifier,
} from '../protocol/admin-api.ts'
import type {
  ClientFilter,
  ClientPatch,
  CutRequest,
  DeliveryFilter,
  ForeignSessionFilter,
  NewClient,
  NewOperator,
  NewSubject,
  OperatorPatch,
  RevocationFilter,
  RevocationOptions,
  RevocationTarget,
  Role,
  SessionFilter,
  SubjectFilter,
  SubjectPatch,
} from '../protocol/admin-requests.ts'
import type { NewCanaryReport, WireCanaryReport } from '../protocol/canary.ts'
import { followEvents, type EventOptions, type RevocationEvent } from './events.ts'
import { readLines } from './lines.ts'
import {
  connectionError,
  createTransport,
  type ClientOptions,
  type Transport,
} from './transport.ts'
import { listOf, type List, type ListOptions } from './pages.ts'

export type RevokeRequest = RevocationTarget & RevokeOptions

export interface WaitOptions {
  /** False answers as soon as it is stored. Default true: when every verifier has confirmed. */
  readonly wait?: boolean
}

export type RevokeOptions = RevocationOptions & WaitOptions

/** A file as it arrives. */
export interface BackupDownload {
  readonly sizeBytes: number | undefined
  readonly chunks: AsyncIterable<Uint8Array>
}

/**
 * The admin API as methods. Every method throws `ApiError` where the server refuses and
 * `ConnectionError` where there is no answer. Lists are gone through to their end.
 */
export interface OutrightClient {
  revoke(request: RevokeRequest): Promise<WireRevoked>
  /** Says what a revocation would end, and ends nothing. */
  dryRun(target: RevocationTarget): Promise<WireDryRun>
  revocations(filter?: RevocationFilter, options?: ListOptions): List<WireNamedRevocation>
  revocation(id: string): Promise<WireRevocationDetail>
  /** The receipt as a JWT that anyone can verify with the keys of the server. */
  signedReceipt(id: string): Promise<string>
  sessions(filter?: SessionFilter, options?: ListOptions): List<WireSession>
  session(sid: string): Promise<WireSession>
  /** How many sessions a search finds, up to 10,000. */
  countSessions(filter?: SessionFilter): Promise<WireSessionCount>
  /** Logins at other issuers whose tokens were accepted. */
  foreignSessions(filter?: ForeignSessionFilter, options?: ListOptions): List<WireForeignSession>
  /** The other issuers whose tokens are accepted, as the node that answers knows them. */
  identityProviders(): Promise<readonly WireIdentityProvider[]>
  endSession(sid: string): Promise<WireRevoked>
  subjects(filter?: SubjectFilter, options?: ListOptions): List<WireSubject>
  subject(id: string): Promise<WireSubject>
  createSubject(subject: NewSubject): Promise<WireSubjectChanged>
  updateSubject(id: string, patch: SubjectPatch): Promise<WireSubjectChanged>
  clients(filter?: ClientFilter, options?: ListOptions): List<WireClient>
  client(id: string): Promise<WireClient>
  createClient(client: NewClient): Promise<WireClientChanged>
  updateClient(id: string, patch: ClientPatch): Promise<WireClientChanged>
  /** Who calls, and with which role. */
  me(): Promise<WireMe>
  operators(options?: ListOptions): List<WireOperator>
  addOperator(operator: NewOperator): Promise<WireOperatorChanged>
  /** Makes a link with which one person becomes an operator. */
  inviteOperator(role: Role): Promise<WireOperatorInvited>
  updateOperator(name: string, patch: OperatorPatch): Promise<WireOperatorChanged>
  /** Removes an operator and ends their sessions. */
  removeOperator(name: string): Promise<WireRevoked>
  guards(options?: ListOptions): List<WireGuard>
  addGuard(name: string): Promise<WireGuardAdded>
  removeGuard(name: string): Promise<WireRevoked>
  deliveries(filter?: DeliveryFilter, options?: ListOptions): List<WireDelivery>
  /** Has a dead or owed delivery tried again now. */
  retryDelivery(id: string): Promise<WireDelivery>
  /** Who is told of what ended, and how that goes. */
  receivers(options?: ListOptions): List<WireReceiver>
  /** Reports of canaries that were sent here in the last week. */
  canaryReports(options?: ListOptions): List<WireCanaryReport>
  /** Sends what a canary has found. */
  addCanaryReport(report: NewCanaryReport): Promise<WireCanaryReport>
  /** What the node that answers has counted and measured since it started. */
  statistics(): Promise<WireStatistics>
  verifiers(): Promise<readonly WireVerifier[]>
  /** The APIs that sessions and clients can be of. */
  dialects(): Promise<readonly WireDialect[]>
  keys(): Promise<readonly WireKey[]>
  rotateKeys(): Promise<WireKeyRotated>
  /** Ends every token that a key signed or will sign. Sessions go on. */
  removeKey(kid: string, options?: WaitOptions): Promise<WireRevoked>
  /** Recomputes the hash chain of the log: progress, then a verdict as the last line. */
  verifyAudit(signal?: AbortSignal): AsyncIterable<WireAuditLine>
  /** Cuts old entries from the log; again while it says that it is not done. */
  cutLog(cut: CutRequest): Promise<WireCut>
  backup(signal?: AbortSignal): Promise<BackupDownload>
  /** Revocations as they are committed, across broken connections, until the signal ends it. */
  events(options?: EventOptions): AsyncIterable<RevocationEvent>
}

/**
 * Makes a client of the admin API.
 *
 * @throws {TypeError} Where the server's address is not an http(s) URL.
 */
export function createClient(options: ClientOptions): OutrightClient {
  const transport = createTransport(options)
  const { server } = options
  const at = (path: string, id: string): string => `${path}/${encodeURIComponent(id)}`
  const preferring = (wait: boolean): Record<string, string> =>
    wait ? {} : { prefer: 'respond-async' }
  return {
    ...listsOf(transport),
    ...wholeListsOf(transport),
    revoke({ wait = true, ...body }) {
      return transport.json('POST', '/revocations', { body, headers: preferring(wait) })
    },
    dryRun: (target) =>
      transport.json('POST', '/revocations', { body: { ...target, dryRun: true } }),
    revocation: (id) => transport.json('GET', at('/revocations', id)),
    async signedReceipt(id) {
      const headers = { accept: 'application/jwt' }
      return (await transport.open('GET', at('/revocations', id), { headers })).text()
    },
    countSessions: (filter = {}) =>
      transport.json('GET', '/sessions/count', { query: { ...filter } }),
    session: (sid) => transport.json('GET', at('/sessions', sid)),
    endSession: (sid) => transport.json('DELETE', at('/sessions', sid)),
    subject: (id) => transport.json('GET', at('/subjects', id)),
    createSubject: (body) => transport.json('POST', '/subjects', { body }),
    updateSubject: (id, body) => transport.json('PATCH', at('/subjects', id), { body }),
    client: (id) => transport.json('GET', at('/clients', id)),
    createClient: (body) => transport.json('POST', '/clients', { body }),
    updateClient: (id, body) => transport.json('PATCH', at('/clients', id), { body }),
    ...operatorCalls(transport),
    addGuard: (name) => transport.json('POST', '/guards', { body: { name } }),
    removeGuard: (name) => transport.json('DELETE', at('/guards', name)),
    retryDelivery: (id) => transport.json('POST', `${at('/deliveries', id)}/retry`),
    canaryReports: (list = {}) => listOf(transport, '/canary/reports', {}, list),
    addCanaryReport: (body) => transport.json('POST', '/canary/reports', { body }),
    statistics: () => transport.json('GET', '/statistics'),
    rotateKeys: () => transport.json('POST', '/keys/rotate'),
    removeKey: (kid, { wait = true } = {}) =>
      transport.json('DELETE', at('/keys', kid), { headers: preferring(wait) }),
    async *verifyAudit(signal) {
      const { body } = await transport.open('GET', '/audit/verify', { signal })
      if (body === null) return
      try {
        for await (const line of readLines(body)) {
          if (line !== '') yield JSON.parse(line) as WireAuditLine
        }
      } catch (error) {
        throw connectionError(server, error)
      }
    },
    cutLog: (body) => transport.json('POST', '/audit/cut', { body }),
    async backup(signal) {
      const response = await transport.open('GET', '/backup', { signal })
      const size = response.headers.get('content-length')
      const empty: AsyncIterable<Uint8Array> = (async function* () {})()
      return {
        sizeBytes: size === null ? undefined : Number(size),
        chunks: (response.body as AsyncIterable<Uint8Array> | null) ?? empty,
      }
    },
    events: (follow = {}) => followEvents(transport, server, follow),
  }
}

type WholeLists = Pick<OutrightClient, 'identityProviders' | 'verifiers' | 'dialects' | 'keys'>

/** Lists that are short and read to their end. */
function wholeListsOf(transport: Transport): WholeLists {
  const all = async <T>(path: string): Promise<readonly T[]> => {
    const items: T[] = []
    for await (const item of listOf<T>(transport, path, {}, {})) items.push(item)
    return items
  }
  return {
    identityProviders: () => all('/identity-providers'),
    verifiers: () => all('/verifiers'),
    dialects: () => all('/dialects'),
    keys: () => all('/keys'),
  }
}

type OperatorCalls = Pick<
  OutrightClient,
  'me' | 'operators' | 'addOperator' | 'inviteOperator' | 'updateOperator' | 'removeOperator'
>

function operatorCalls(transport: Transport): OperatorCalls {
  const at = (name: string): string => `/operators/${encodeURIComponent(name)}`
  return {
    me: () => transport.json('GET', '/me'),
    operators: (list = {}) => listOf(transport, '/operators', {}, list),
    addOperator: (body) => transport.json('POST', '/operators', { body }),
    inviteOperator: (role) => transport.json('POST', '/operators/invitations', { body: { role } }),
    updateOperator: (name, body) => transport.json('PATCH', at(name), { body }),
    removeOperator: (name) => transport.json('DELETE', at(name)),
  }
}

/** Everything that comes in pages. */
function listsOf(
  transport: Transport,
): Pick<
  OutrightClient,
  | 'revocations'
  | 'sessions'
  | 'foreignSessions'
  | 'subjects'
  | 'clients'
  | 'guards'
  | 'deliveries'
  | 'receivers'
> {
  return {
    revocations: (filter = {}, list = {}) => listOf(transport, '/revocations', { ...filter }, list),
    sessions: (filter = {}, list = {}) => listOf(transport, '/sessions', { ...filter }, list),
    foreignSessions: (filter = {}, list = {}) =>
      listOf(transport, '/foreign-sessions', { ...filter }, list),
    subjects: (filter = {}, list = {}) => listOf(transport, '/subjects', { ...filter }, list),
    clients: (filter = {}, list = {}) => listOf(transport, '/clients', { ...filter }, list),
    guards: (list = {}) => listOf(transport, '/guards', {}, list),
    deliveries: (filter = {}, list = {}) => listOf(transport, '/deliveries', { ...filter }, list),
    receivers: (list = {}) => listOf(transport, '/receivers', {}, list),
  }
}
