/** What `docs/feed-vectors.json` is made from. */
import {
  type GuardFrame,
  type NodeFrame,
  entryKinds,
  feedScopes,
  feedVersion,
} from '../../src/protocol/feed.ts'
import { isWide, type Scope } from '../../src/domain/scope.ts'
import { fingerprint } from '../../src/verifier/fingerprint.ts'

const uuid = '0196f0a1-b2c3-7d4e-8f50-4c3d2e1f013c'
const otherUuid = '0196f0a1-b2c3-7d4e-bbbb-aaaaaaaaaaaa'
const never = 0xffff_ffff

/** Scope and key of each fingerprint. */
export const names: readonly (readonly [scope: Scope, key: string, issuer?: string])[] = [
  ['token', uuid],
  ['session', uuid],
  ['signing_key', uuid],
  ['session', uuid.toUpperCase()],
  ['session', 'not-a-uuid'],
  ['signing_key', '2026-11'],
  ['subject', 'maria'],
  ['subject', uuid],
  ['subject', 'joão'],
  ['subject', '😀'],
  ['subject', ''],
  ['client', 'shop'],
  ['client', uuid],
  ['participant', `shop ${uuid}`],
  ['participant', `${uuid} ${otherUuid}`],
  ['participant', 'shop not-a-uuid'],
  ['grant', 'shop maria'],
  ['device', 'tv-1'],
  ['token', uuid, 'https://idp.example'],
  ['session', uuid, 'https://idp.example'],
  ['session', uuid, 'https://idp.example/'],
  ['subject', 'maria', 'https://idp.example'],
  ['everyone', '*', 'https://idp.example'],
]

const words = Uint32Array.from(
  [
    [0x8f50_4c3d, 0x2e1f_013c, 1_790_000_720, 0, entryKinds.revoked],
    [0, 0, never, 3, entryKinds.raised],
    [0x0102_0304, 0x0506_0708, 1_790_000_720, 1_789_999_000, entryKinds.cutoff],
  ].flat(),
)
const bytes = (from: number): Uint8Array =>
  Uint8Array.from({ length: 16 }, (_, index) => from + index)

export const frames: {
  readonly node: readonly NodeFrame[]
  readonly guard: readonly GuardFrame[]
} = {
  node: [
    {
      type: 'hello',
      version: feedVersion,
      snapshot: true,
      leaseMs: 2000,
      renewMs: 500,
      epoch: bytes(0xe0),
      issuer: 'https://auth.example',
      node: 'nó-1',
      scopes: feedScopes,
    },
    {
      type: 'hello',
      version: feedVersion,
      snapshot: false,
      leaseMs: 60_000,
      renewMs: 20,
      epoch: bytes(0),
      issuer: '',
      node: '',
      scopes: ['token'],
    },
    { type: 'chunk', index: 0, count: 3, words },
    { type: 'snapshotEnd', total: 2, mark: 4, overSeconds: 0, position: new Map([['nó-1', 7]]) },
    {
      type: 'snapshotEnd',
      total: never,
      mark: Number.MAX_SAFE_INTEGER,
      overSeconds: 1_790_000_000,
      position: new Map(),
    },
    {
      type: 'entries',
      after: 4,
      mark: 5,
      count: 3,
      words,
      position: new Map([
        ['nó-1', 9],
        ['node-2', Number.MAX_SAFE_INTEGER],
      ]),
    },
    { type: 'pong', nonce: 1, leaseMs: 2000, overSeconds: 1_790_000_000, mark: 5 },
    { type: 'pong', nonce: never, leaseMs: 0, overSeconds: 0, mark: 0 },
  ],
  guard: [
    {
      type: 'start',
      version: feedVersion,
      instance: bytes(0x10),
      attempt: 1,
      epoch: new Uint8Array(16),
      mark: 0,
      name: 'orders',
      software: 'example/1',
    },
    { type: 'ping', nonce: never, mark: 2 ** 32 + 5 },
    { type: 'ack', mark: 5 },
    { type: 'release' },
  ],
}

/** What may not be taken for a frame. */
export const notFrames: readonly { from: 'node' | 'guard'; why: string; hex: string }[] = [
  { from: 'node', why: 'nothing', hex: '' },
  { from: 'node', why: 'a type that is not known', hex: '06000000' },
  { from: 'node', why: 'the frame of a guard', hex: '44000000' },
  { from: 'node', why: 'a pong that ends early', hex: '05000000010000' },
  { from: 'node', why: 'a chunk with fewer entries than it says', hex: '020000000000000001000000' },
  {
    from: 'node',
    why: 'an entry of a kind that is not known',
    hex: '0200000000000000010000000100000001000000010000000100000004000000',
  },
  {
    from: 'node',
    why: 'what is revoked, with a value',
    hex: '0200000000000000010000000100000001000000010000000100000001000000',
  },
  {
    from: 'node',
    why: 'a mark above 2^53 - 1',
    hex: '0500000001000000d0070000000000000000000000000020',
  },
  { from: 'guard', why: 'a byte too many', hex: '4400000000' },
  { from: 'guard', why: 'a reserved byte that is set', hex: '44010000' },
  { from: 'guard', why: 'the frame of a node', hex: '05000000' },
]

export interface AliveCase {
  readonly why: string
  /** As they were applied, in this order. */
  readonly entries: readonly (readonly number[])[]
  readonly claims: {
    readonly jti: string
    readonly sid: string
    readonly sub: string
    readonly client_id: string
    readonly device_id?: string
    readonly gen: Readonly<Record<string, number>>
  }
  readonly kid: string
  readonly alive: boolean
}

const claims: AliveCase['claims'] = {
  jti: '0196f0a1-0000-7000-8111-111111111111',
  sid: '0196f0a1-0000-7000-8222-222222222222',
  sub: 'maria',
  client_id: 'shop',
  gen: { e: 1, s: 2, c: 3, g: 4, d: 5 },
}
const onDevice = { ...claims, device_id: 'tv-1' }
const kid = '0196f0a1-0000-7000-8333-333333333333'

function entry(scope: Scope, key: string, generation = 0, second = never): readonly number[] {
  const kind = isWide(scope) ? entryKinds.raised : entryKinds.revoked
  const { high, low } = scope === 'everyone' ? { high: 0, low: 0 } : fingerprint(scope, key)
  return [high >>> 0, low >>> 0, second, generation, kind]
}

function row(
  why: string,
  alive: boolean,
  entries: readonly (readonly number[])[],
  rest: Partial<AliveCase> = {},
): AliveCase {
  return { why, entries, claims, kid, alive, ...rest }
}

const device = { claims: onDevice }
const later = { claims: { ...claims, gen: { ...claims.gen, tenant: 1 } } }
const unraised = { claims: { ...claims, gen: {} } }

export const cases: readonly AliveCase[] = [
  row('nothing was revoked', true, []),
  row('its token', false, [entry('token', claims.jti)]),
  row('its session', false, [entry('session', claims.sid)]),
  row('another session', true, [entry('session', otherUuid)]),
  row('everyone, to its own generation', true, [entry('everyone', '', 1)]),
  row('everyone, to the next', false, [entry('everyone', '', 2)]),
  row('its subject, to its own generation', true, [entry('subject', 'maria', 2)]),
  row('its subject, to the next', false, [entry('subject', 'maria', 3)]),
  row('its client, to the next', false, [entry('client', 'shop', 4)]),
  row('its grant, to the next', false, [entry('grant', 'shop maria', 5)]),
  row('its client’s part in its session, for the first time', false, [
    entry('participant', `shop ${claims.sid}`, 1),
  ]),
  row('another client’s part in its session', true, [
    entry('participant', `mail ${claims.sid}`, 1),
  ]),
  row('its client’s part in another session', true, [entry('participant', `shop ${otherUuid}`, 1)]),
  row('nothing, of a token with a generation that this version does not know', true, [], later),
  row(
    'its subject, where the token has a generation more',
    false,
    [entry('subject', 'maria', 3)],
    later,
  ),
  row(
    'its subject for the first time, where a generation that is not there is 0',
    false,
    [entry('subject', 'maria', 1)],
    unraised,
  ),
  row(
    'everyone for the first time, where the token has no generation at all',
    false,
    [entry('everyone', '', 1)],
    unraised,
  ),
  row('a device, where it names none', true, [entry('device', 'tv-1', 6)]),
  row('its device, to its own generation', true, [entry('device', 'tv-1', 5)], device),
  row('its device, to the next', false, [entry('device', 'tv-1', 6)], device),
  row('its signing key, whatever its claims say', false, [entry('signing_key', kid, 1)]),
  row('another signing key', true, [entry('signing_key', otherUuid, 1)]),
  row('a lower generation after a higher one', false, [
    entry('subject', 'maria', 3),
    entry('subject', 'maria', 1),
  ]),
  row('an earlier second after a later one: it is revoked all the same', false, [
    entry('session', claims.sid, 0, never),
    entry('session', claims.sid, 0, 1),
  ]),
  row('a signing key that has the UUID of its session: word 4 tells them apart', true, [
    entry('signing_key', claims.sid, 1),
  ]),
  row('a session that has the UUID of its signing key', true, [entry('session', kid)]),
  row('a token that has the UUID of its session: the two share their fingerprints', false, [
    entry('token', claims.sid),
  ]),
  row('a subject that is called like its client', true, [entry('subject', 'shop', 9)]),
]
