/**
 * Schemas of what the admin API answers, each of a type of `protocol/admin-api.ts`, which the typed
 * client has as well. One with a name becomes a component of the OpenAPI document.
 */
import { profileNames } from '../../../domain/profile.ts'
import { PARTICIPANTS_SHOWN } from '../../../domain/session.ts'
import {
  deliveryStates,
  revocationReasons,
  revocationScopes,
  type WireAcknowledgement,
  type WireAuditBroken,
  type WireAuditHead,
  type WireAuditIntact,
  type WireAuditLine,
  type WireAuditProgress,
  type WireBrokenEntry,
  type WireCaller,
  type WireCheckpoint,
  type WireClient,
  type WireClientChanged,
  type WireClientSessions,
  type WireCut,
  type WireDelivery,
  type WireDryRun,
  type WireForeignSession,
  type WireGuard,
  type WireGuardAdded,
  type WireIdentityProvider,
  type WireKey,
  type WireKeyRotated,
  type WireKeySet,
  type WirePage,
  type WireParticipant,
  type WireReceipt,
  type WireRevocation,
  type WireRevocationDetail,
  type WireRevoked,
  type WireSession,
  type WireSessionCount,
  type WireStreamCut,
  type WireSubject,
  type WireSubjectChanged,
  type WireTold,
  type WireVerifier,
} from '../../../protocol/admin-api.ts'
import type { ResponseForm } from '../../responses.ts'
import {
  answer,
  anything,
  anyText,
  choice,
  constant,
  count,
  dictionary,
  either,
  flag,
  instant,
  listOf,
  optional,
  orNull,
  type Schema,
} from '../../schema.ts'
import { statusWord } from './inputs.ts'

const words = anyText()
const wordsOrNull = orNull(words)
const instantOrNull = orNull(instant)
const yesNo = flag({})
const number = count()
/** The same, of which the name ends in `Ms`. */
const msOrNull = orNull(number)

export function pageOf<T>(item: Schema<T>): ResponseForm<WirePage<T>> {
  return {
    description: 'A page',
    schema: answer<WirePage<T>>({ items: listOf(item), next: wordsOrNull }),
  }
}

export const revocation: Schema<WireRevocation> = answer<WireRevocation>(
  {
    id: words,
    scope: choice(revocationScopes, {}),
    issuer: words,
    key: words,
    reason: choice(revocationReasons, {}),
    actor: words,
    note: words,
    at: instant,
    stream: words,
    sequence: number,
    generation: number,
    cutoff: instantOrNull,
    forgetAfter: instant,
    hash: words,
  },
  { name: 'Revocation' },
)

const receipt = answer<WireReceipt>(
  {
    confirmed: yesNo,
    acknowledged: number,
    verifiers: number,
    lapsed: number,
    elapsedMs: number,
  },
  { name: 'Receipt' },
)

const told = listOf(
  answer<WireTold>({
    receiver: words,
    delivery: words,
    state: choice(deliveryStates, {}),
  }),
  {
    description:
      'who outside has to be told of an end of another issuer’s tokens, such as the identity provider',
  },
)

export const revoked: Schema<WireRevoked> = answer<WireRevoked>(
  { revocation, receipt, added: yesNo, told },
  { name: 'Revoked' },
)

/** Of calls that end something and nothing else. */
export const ended: Readonly<Record<200 | 202, ResponseForm<WireRevoked>>> = {
  200: { description: 'It has ended, everywhere', schema: revoked },
  202: { description: 'It is stored; the verifiers are being told', schema: revoked },
}

export const revocationDetail: Schema<WireRevocationDetail> = answer<WireRevocationDetail>(
  {
    revocation,
    receipt: orNull(receipt),
    acknowledgements: orNull(
      listOf(
        answer<WireAcknowledgement>({
          verifier: words,
          outcome: choice(['acknowledged', 'lapsed', 'waiting'], {}),
          elapsedMs: msOrNull,
        }),
      ),
    ),
    told,
  },
  { name: 'RevocationDetail' },
)

const sessionState = choice(['live', 'revoked', 'expired'], {})

const participant = answer<WireParticipant>(
  {
    client: words,
    clientName: wordsOrNull,
    dialect: words,
    state: sessionState,
    joinedAt: instant,
    attributes: anything,
  },
  { name: 'Participant' },
)

export const session: Schema<WireSession> = answer<WireSession>(
  {
    sid: words,
    subject: words,
    subjectName: wordsOrNull,
    client: words,
    clientName: wordsOrNull,
    device: wordsOrNull,
    dialect: words,
    state: sessionState,
    createdAt: instant,
    expiresAt: instant,
    accessLifetimeMs: number,
    attributes: anything,
    participants: listOf(participant, { maxItems: PARTICIPANTS_SHOWN }),
  },
  { name: 'Session' },
)

export const sessionCount: Schema<WireSessionCount> = answer<WireSessionCount>({
  count: number,
  exact: yesNo,
})

export const foreignSession: Schema<WireForeignSession> = answer<WireForeignSession>(
  {
    issuer: words,
    subject: words,
    session: wordsOrNull,
    client: wordsOrNull,
    state: sessionState,
    firstSeenAt: instant,
    lastSeenAt: instant,
    expiresAt: instant,
  },
  { name: 'ForeignSession' },
)

export const identityProvider: Schema<WireIdentityProvider> = answer<WireIdentityProvider>(
  {
    name: words,
    issuer: words,
    profile: choice(profileNames, {}),
    keySet: answer<WireKeySet>({
      state: choice(['unasked', 'fetched', 'failed'], {}),
      keys: number,
      fetchedAt: instantOrNull,
      error: wordsOrNull,
    }),
    sessions: orNull(sessionCount),
  },
  { name: 'IdentityProvider' },
)

/** Sessions that a dry run shows. */
export const SAMPLE_SIZE = 10

export const dryRun: Schema<WireDryRun> = answer<WireDryRun>(
  {
    dryRun: constant(true),
    scope: choice(revocationScopes, {}),
    issuer: words,
    key: words,
    cutoff: instantOrNull,
    known: yesNo,
    sessions: number,
    clients: listOf(
      answer<WireClientSessions>({ client: words, clientName: wordsOrNull, sessions: number }),
    ),
    receivers: listOf(words),
    tokensValidUntil: instantOrNull,
    sample: listOf(session, { maxItems: SAMPLE_SIZE }),
  },
  { name: 'DryRun' },
)

export const subject: Schema<WireSubject> = answer<WireSubject>(
  {
    id: words,
    name: words,
    username: wordsOrNull,
    email: wordsOrNull,
    phone: wordsOrNull,
    hasPassword: yesNo,
    status: statusWord,
    createdAt: instant,
    attributes: anything,
  },
  { name: 'Subject' },
)

export const subjectChanged: Schema<WireSubjectChanged> = answer<WireSubjectChanged>(
  { subject, password: wordsOrNull, revoked: orNull(revoked) },
  { name: 'SubjectChanged' },
)

export const client: Schema<WireClient> = answer<WireClient>(
  {
    id: words,
    name: words,
    dialect: words,
    key: words,
    hasSecret: yesNo,
    allowlist: listOf(words),
    redirectUris: listOf(words),
    status: statusWord,
    createdAt: instant,
    attributes: anything,
  },
  { name: 'Client' },
)

export const clientChanged: Schema<WireClientChanged> = answer<WireClientChanged>(
  { client, secret: wordsOrNull, revoked: orNull(revoked) },
  { name: 'ClientChanged' },
)

export const guard: Schema<WireGuard> = answer<WireGuard>(
  { name: words, createdAt: instant },
  { name: 'Guard' },
)

export const guardAdded: Schema<WireGuardAdded> = answer<WireGuardAdded>({
  guard,
  credential: words,
})

export const verifier: Schema<WireVerifier> = answer<WireVerifier>(
  {
    id: words,
    kind: choice(['node', 'guard'], {}),
    name: words,
    address: wordsOrNull,
    fresh: yesNo,
    leaseLeftMs: msOrNull,
    behind: number,
    lagMs: orNull(
      count({
        description:
          'from the commit of entries to its acknowledgement of them, as last measured; or the age of the ' +
          'oldest that it has not acknowledged, where that is more; null before anything was measured',
      }),
    ),
    connectedAt: instantOrNull,
  },
  { name: 'Verifier' },
)

export const delivery: Schema<WireDelivery> = answer<WireDelivery>(
  {
    id: words,
    receiver: words,
    subject: words,
    revocation: words,
    facts: anything,
    state: choice(deliveryStates, {}),
    attempts: number,
    createdAt: instant,
    nextAttemptAt: instantOrNull,
    settledAt: instantOrNull,
    lastError: wordsOrNull,
  },
  { name: 'Delivery' },
)

export const key: Schema<WireKey> = answer<WireKey>(
  {
    kid: words,
    algorithm: words,
    state: choice(['signing', 'retired', 'removed'], {}),
    createdAt: instant,
    retiredAt: instantOrNull,
    removeAfter: instantOrNull,
  },
  { name: 'Key' },
)

export const keyRotated: Schema<WireKeyRotated> = answer<WireKeyRotated>({ kid: words })

export const caller: Schema<WireCaller> = answer<WireCaller>({
  address: words,
  ignoredFrom: wordsOrNull,
  ignored: number,
  unreadable: number,
})

const checkpoint = answer<WireCheckpoint>(
  {
    sequence: number,
    hash: words,
    removed: number,
    kept: number,
    before: instant,
    at: instant,
    actor: words,
    seal: words,
  },
  { name: 'Checkpoint' },
)

const streamCut = answer<WireStreamCut>(
  {
    stream: words,
    removed: number,
    from: orNull(checkpoint),
    broken: orNull(answer<WireBrokenEntry>({ sequence: number, reason: words })),
  },
  { name: 'StreamCut' },
)

export const cut: Schema<WireCut> = answer<WireCut>(
  { dryRun: yesNo, done: yesNo, streams: listOf(streamCut) },
  { name: 'Cut' },
)

/** Of each line. */
export const auditLine: Schema<WireAuditLine> = either(
  answer<WireAuditProgress>({ checked: number, of: number }),
  either(
    answer<WireAuditIntact>({
      ok: constant(true),
      entries: number,
      head: dictionary(answer<WireAuditHead>({ sequence: number, hash: words }), {}),
      from: optional(dictionary(checkpoint, {})),
    }),
    answer<WireAuditBroken>({
      ok: constant(false),
      at: answer<WireAuditBroken['at']>({ stream: words, sequence: number }),
      reason: words,
    }),
  ),
)
