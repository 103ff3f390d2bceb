/** Databases with a little of everything, and files of them. */
import { gunzipSync } from 'node:zlib'
import { readFile } from 'node:fs/promises'
import { v7 } from 'uuid'
import type { Scope } from '../../src/domain/scope.ts'
import type { Store } from '../../src/ports/store.ts'

const now = Date.now()
const later = now + 86_400_000

/** Text that breaks readers of lines, of JSON and of SQL. */
const hostile = 'O’Brien "\\" \n\u2028\u2029 \u{1F600} {"demo"} \t;--'

/** UUIDv7 as the public half of a refresh token: 22 characters. */
function tokenId(): string {
  return Buffer.from(v7().replaceAll('-', ''), 'hex').toString('base64url')
}

/** Fills a store through its port, as a server would. Safe to call for several nodes' stores. */
export async function fillStore(store: Store, name: string): Promise<void> {
  await store.createSubject({
    id: `subject-${name}`,
    name: hostile,
    username: `user-${name}`,
    email: undefined,
    phone: undefined,
    passwordHash: '$argon2id$v=19$m=64,t=1,p=1$c2FsdA$aGFzaA',
    status: 'active',
    createdAtMs: now,
    attributes: { note: hostile, list: [1, null, { deep: true }] },
  })
  await store.createClient({
    id: `client-${name}`,
    name: 'Client',
    dialect: 'octopus',
    key: `key-${name}`,
    secretHash: undefined,
    allowlist: ['203.0.113.0/24'],
    redirectUris: [],
    status: 'disabled',
    createdAtMs: now,
    attributes: {},
  })
  await store.rotateKeys(
    {
      kid: v7(),
      algorithm: 'ES256',
      privateJwk: '{"kty":"EC"}',
      createdAtMs: now,
      retiredAtMs: undefined,
      removeAfterMs: undefined,
    },
    now,
    false,
  )
  await store.createOperator({
    id: `operator-${name}`,
    name: `operator-${name}`,
    role: 'admin',
    passwordHash: undefined,
    identity: undefined,
    createdAtMs: now,
  })
  await store.addPasskey({
    id: `passkey-${name}`,
    holder: `operator:operator-${name}`,
    name: hostile + name,
    publicKey: 'pQECAyYgASFYIA',
    counter: 3,
    transports: ['internal'],
    createdAtMs: now,
    lastUsedAtMs: undefined,
  })
  const live = { kind: 'otp', key: hostile + name, value: hostile, expiresAtMs: later }
  await store.putTicket(live)
  await store.countAttempt(live.kind, live.key)
  await store.putTicket({ ...live, key: `gone-${name}`, expiresAtMs: 1 })
  for (let number = 0; number < 3; number++) await openRotated(store, name, number)
  const scopes: readonly Scope[] = ['token', 'session', 'subject', 'client', 'subject', 'everyone']
  for (const scope of scopes)
    await end(store, scope, scope === 'everyone' ? '*' : `${scope} ${name}`)
}

async function openRotated(store: Store, name: string, number: number): Promise<void> {
  const id = tokenId()
  const opened = await store.openSession({
    sid: v7(),
    subjectId: `other-${name}`,
    clientId: 'client',
    deviceKey: number === 0 ? undefined : `device-${String(number)}`,
    dialect: 'matar',
    createdAtMs: now,
    expiresAtMs: later,
    accessLifetimeMs: 1000,
    attributes: { address: '203.0.113.9' },
    refreshToken: { id, secretHash: 'hash', expiresAtMs: later },
  })
  await store.joinSession({
    participantId: v7(),
    session: opened,
    clientId: 'another client',
    dialect: 'oauth',
    joinedAtMs: now,
    attributes: { scope: 'openid' },
    refreshToken: { id: tokenId(), secretHash: 'joined', expiresAtMs: later },
  })
  await store.rotate({
    id,
    secretHash: 'hash',
    nowMs: now,
    graceMs: 10_000,
    successor: { id: tokenId(), secretHash: 'next', expiresAtMs: later },
    sealedAnswer: new Uint8Array([0, 1, 127, 128, 255, 10, 13]),
    access: { lifetimeMs: 1000, expiresAtMs: now + 1000 },
  })
}

async function end(store: Store, scope: Scope, key: string): Promise<void> {
  await store.revoke({
    id: v7(),
    scope,
    key,
    reason: 'logout',
    actor: 'system',
    note: hostile,
    atMs: now,
  })
}

/** The text of a file, whether compressed or not. */
export async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file)
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}
