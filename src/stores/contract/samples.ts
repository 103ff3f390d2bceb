/** What the checks are made of: valid commands that differ where a check says so. */
import assert from 'node:assert/strict'
import { Refusal, type FailureKind } from '../../domain/failure.ts'
import type { Client, Subject } from '../../domain/identity.ts'
import type { Revocation, RevocationCommand } from '../../domain/revocation.ts'
import type {
  JoinSessionCommand,
  LogStore,
  OpenSessionCommand,
  Page,
  PageRequest,
  RefreshTokenRecord,
  RotateCommand,
  SigningKey,
  Store,
} from '../../ports/store.ts'
import type { Ticket } from '../../ports/ticket.ts'

/** The moment at which the checks play. */
export const now = 1_800_000_000_000

const hour = 3_600_000
let minted = 0

/** A UUIDv7 that was not given out before, ordered like the calls. */
export function mintId(): string {
  minted += 1
  return `01a31f00-0000-7000-8000-${minted.toString(16).padStart(12, '0')}`
}

export function revocation(command: Partial<RevocationCommand> = {}): RevocationCommand {
  return {
    id: mintId(),
    scope: 'session',
    key: mintId(),
    reason: 'logout',
    actor: 'subject:maria',
    note: '',
    atMs: now,
    ...command,
  }
}

export function refreshToken(
  record: Partial<RefreshTokenRecord> = {},
  mintedAtMs: number = now,
): RefreshTokenRecord {
  const time = mintedAtMs.toString(16).padStart(12, '0')
  const id = Buffer.from(time + mintId().replaceAll('-', '').slice(12), 'hex').toString('base64url')
  return { id, secretHash: `hash of ${id}`, expiresAtMs: now + 24 * hour, ...record }
}

export function session(command: Partial<OpenSessionCommand> = {}): OpenSessionCommand {
  return {
    sid: mintId(),
    subjectId: 'maria',
    clientId: 'web',
    deviceKey: undefined,
    dialect: 'oauth',
    createdAtMs: now,
    expiresAtMs: now + 48 * hour,
    accessLifetimeMs: hour,
    attributes: {},
    refreshToken: undefined,
    ...command,
  }
}

/** The join of a session by another client. */
export function joining(
  to: JoinSessionCommand['session'],
  command: Partial<JoinSessionCommand> = {},
): JoinSessionCommand {
  return {
    participantId: mintId(),
    session: to,
    clientId: 'app',
    dialect: 'oauth',
    joinedAtMs: now,
    attributes: {},
    refreshToken: undefined,
    ...command,
  }
}

/** Presents a token, with a successor, an answer and no grace. */
export function rotation(
  token: RefreshTokenRecord,
  command: Partial<RotateCommand> = {},
): RotateCommand {
  return {
    id: token.id,
    secretHash: token.secretHash,
    nowMs: now,
    graceMs: 0,
    successor: refreshToken(),
    sealedAnswer: new Uint8Array([1, 2, 3]),
    access: { lifetimeMs: hour, expiresAtMs: now + hour },
    ...command,
  }
}

/** Opens a session that has a refresh token. */
export async function openWithToken(
  store: Store,
  command: Partial<OpenSessionCommand> = {},
  record: Partial<RefreshTokenRecord> = {},
): Promise<{ readonly sid: string; readonly token: RefreshTokenRecord }> {
  const token = refreshToken(record)
  const { sid } = await store.openSession(session({ refreshToken: token, ...command }))
  return { sid, token }
}

export function subject(values: Partial<Subject> = {}): Subject {
  const id = mintId()
  return {
    id,
    name: 'Maria',
    username: undefined,
    email: undefined,
    phone: undefined,
    passwordHash: undefined,
    status: 'active',
    createdAtMs: now,
    attributes: {},
    ...values,
  }
}

export function client(values: Partial<Client> = {}): Client {
  const id = mintId()
  return {
    id,
    name: 'Web',
    dialect: 'oauth',
    key: `key of ${id}`,
    secretHash: undefined,
    allowlist: [],
    redirectUris: [],
    status: 'active',
    createdAtMs: now,
    attributes: {},
    ...values,
  }
}

export function ticket(values: Partial<Ticket> = {}): Ticket {
  return { kind: 'otp', key: mintId(), value: '{}', expiresAtMs: now + hour, ...values }
}

export function signingKey(values: Partial<SigningKey> = {}): SigningKey {
  return {
    kid: mintId(),
    algorithm: 'ES256',
    privateJwk: '{"kty":"EC"}',
    createdAtMs: now,
    retiredAtMs: undefined,
    removeAfterMs: undefined,
    ...values,
  }
}

/** Asserts that the promise rejects with a refusal of one of these kinds. */
export async function refuses(promise: Promise<unknown>, ...kinds: FailureKind[]): Promise<void> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(outcome instanceof Refusal, `expected a refusal, and got ${String(outcome)}`)
  assert.ok(kinds.includes(outcome.failure.kind), `${outcome.failure.kind}, not ${kinds.join()}`)
}

/** All pages of a list, in order. */
export async function allPages<T>(
  list: (page: PageRequest) => Promise<Page<T>>,
  limit: number,
): Promise<readonly T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const page = await list({ limit, cursor })
    assert.ok(page.items.length <= limit, 'a page is longer than its limit')
    items.push(...page.items)
    cursor = page.next
    assert.ok(cursor === undefined || page.items.length > 0, 'an empty page that has a next one')
  } while (cursor !== undefined)
  return items
}

/** The stream that the store writes, from its first entry on. */
export async function wholeStream(store: LogStore): Promise<readonly Revocation[]> {
  const entries: Revocation[] = []
  for (;;) {
    const page = await store.readStream(store.stream, entries.length, 1000)
    if (page.length === 0) return entries
    entries.push(...page)
  }
}

export async function allLive(store: LogStore, nowMs: number): Promise<readonly Revocation[]> {
  const entries: Revocation[] = []
  for await (const chunk of store.liveRevocations(nowMs)) entries.push(...chunk)
  return entries
}

export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
