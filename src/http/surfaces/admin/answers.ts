/**
 * Schemas of what the admin API answers, each of a type of `protocol/admin-api.ts`, which the typed
 * client has as well. One with a name becomes a component of the OpenAPI document.
 */
import { profileNames } from '../../../domain/profile.ts'
import { PARTICIPANTS_SHOWN, sessionStates } from '../../../domain/session.ts'
import {
  deliveryStates,
  revocationReasons,
  revocationScopes,
  type WireAcknowledgement,
  type WireCaller,
  type WireClient,
  type WireClientChanged,
  type WireClientSessions,
  type WireDelivery,
  type WireDryRun,
  type WireForeignSession,
  type WireGuard,
  type WireGuardAdded,
  type WireIdentityProvider,
  type WireKey,
  type WireKeyRotated,
  type WireKeySession,
  type WireKeySet,
  type WireParticipant,
  type WireReceipt,
  type WireNamedRevocation,
  type WireRevocation,
  type WireRevocationDetail,
  type WireRevoked,
  type WireSession,
  type WireSessionCount,
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
  flag,
  instant,
  listOf,
  orNull,
  type Schema,
} from '../../schema.ts'
import { statusWord } from './inputs.ts'

const anyString = anyText()
const stringOrNull = orNull(anyString)
const instantOrNull = orNull(instant)
const boolean = flag({})
const integer = count()
/** The same, of which the name ends in `Ms`. */
const msOrNull = orNull(integer)

const revocationMembers = {
  id: anyString,
  scope: choice(revocationScopes, {}),
  issuer: anyString,
  key: anyString,
  reason: choice(revocationReasons, {}),
  actor: anyString,
  note: anyString,
  at: instant,
  stream: anyString,
  sequence: integer,
  generation: integer,
  cutoff: instantOrNull,
  forgetAfter: instant,
  hash: anyString,
}

const revocation = answer<WireRevocation>(revocationMembers, { name: 'Revocation' })

const keySession = answer<WireKeySession>({
  sid: anyString,
  subject: anyString,
  subjectName: stringOrNull,
  client: anyString,
  clientName: stringOrNull,
})

export const namedRevocation: Schema<WireNamedRevocation> = answer<WireNamedRevocation>(
  {
    ...revocationMembers,
    keyName: stringOrNull,
    keySession: orNull(keySession),
    actorName: stringOrNull,
  },
  { name: 'NamedRevocation' },
)

const receipt = answer<WireReceipt>(
  {
    confirmed: boolean,
    acknowledged: integer,
    verifiers: integer,
    lapsed: integer,
    elapsedMs: integer,
  },
  { name: 'Receipt' },
)

const toldReceivers = listOf(
  answer<WireTold>({
    receiver: anyString,
    delivery: anyString,
    state: choice(deliveryStates, {}),
  }),
  {
    description:
      'who outside has to be told of an end of another issuer’s tokens, such as the identity provider',
  },
)

export const revoked: Schema<WireRevoked> = answer<WireRevoked>(
  { revocation, receipt, added: boolean, told: toldReceivers },
  { name: 'Revoked' },
)

/** Of calls that end something and nothing else. */
export const ended: Readonly<Record<200 | 202, ResponseForm<WireRevoked>>> = {
  200: { description: 'It has ended, everywhere', schema: revoked },
  202: { description: 'It is stored; the verifiers are being told', schema: revoked },
}

export const revocationDetail: Schema<WireRevocationDetail> = answer<WireRevocationDetail>(
  {
    revocation: namedRevocation,
    receipt: orNull(receipt),
    acknowledgements: orNull(
      listOf(
        answer<WireAcknowledgement>({
          verifier: anyString,
          outcome: choice(['acknowledged', 'lapsed', 'waiting'], {}),
          elapsedMs: msOrNull,
        }),
      ),
    ),
    told: toldReceivers,
  },
  { name: 'RevocationDetail' },
)

const sessionState = choice(sessionStates, {})

const participant = answer<WireParticipant>(
  {
    client: anyString,
    clientName: stringOrNull,
    dialect: anyString,
    state: sessionState,
    joinedAt: instant,
    attributes: anything,
  },
  { name: 'Participant' },
)

export const session: Schema<WireSession> = answer<WireSession>(
  {
    sid: anyString,
    subject: anyString,
    subjectName: stringOrNull,
    client: anyString,
    clientName: stringOrNull,
    device: stringOrNull,
    dialect: anyString,
    state: sessionState,
    createdAt: instant,
    expiresAt: instant,
    lastSeenAt: instant,
    accessLifetimeMs: integer,
    attributes: anything,
    participants: listOf(participant, { maxItems: PARTICIPANTS_SHOWN }),
  },
  { name: 'Session' },
)

export const sessionCount: Schema<WireSessionCount> = answer<WireSessionCount>({
  count: integer,
  exact: boolean,
})

export const foreignSession: Schema<WireForeignSession> = answer<WireForeignSession>(
  {
    issuer: anyString,
    subject: anyString,
    session: stringOrNull,
    client: stringOrNull,
    state: sessionState,
    firstSeenAt: instant,
    lastSeenAt: instant,
    expiresAt: instant,
  },
  { name: 'ForeignSession' },
)

export const identityProvider: Schema<WireIdentityProvider> = answer<WireIdentityProvider>(
  {
    name: anyString,
    issuer: anyString,
    profile: choice(profileNames, {}),
    keySet: answer<WireKeySet>({
      state: choice(['unasked', 'fetched', 'failed'], {}),
      keys: integer,
      fetchedAt: instantOrNull,
      error: stringOrNull,
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
    issuer: anyString,
    key: anyString,
    cutoff: instantOrNull,
    known: boolean,
    sessions: integer,
    clients: listOf(
      answer<WireClientSessions>({
        client: anyString,
        clientName: stringOrNull,
        sessions: integer,
      }),
    ),
    receivers: listOf(anyString),
    tokensValidUntil: instantOrNull,
    sample: listOf(session, { maxItems: SAMPLE_SIZE }),
  },
  { name: 'DryRun' },
)

export const subject: Schema<WireSubject> = answer<WireSubject>(
  {
    id: anyString,
    name: anyString,
    username: stringOrNull,
    email: stringOrNull,
    phone: stringOrNull,
    hasPassword: boolean,
    status: statusWord,
    createdAt: instant,
    attributes: anything,
  },
  { name: 'Subject' },
)

export const subjectChanged: Schema<WireSubjectChanged> = answer<WireSubjectChanged>(
  { subject, password: stringOrNull, revoked: orNull(revoked) },
  { name: 'SubjectChanged' },
)

export const client: Schema<WireClient> = answer<WireClient>(
  {
    id: anyString,
    name: anyString,
    dialect: anyString,
    key: anyString,
    hasSecret: boolean,
    allowlist: listOf(anyString),
    redirectUris: listOf(anyString),
    status: statusWord,
    createdAt: instant,
    attributes: anything,
  },
  { name: 'Client' },
)

export const clientChanged: Schema<WireClientChanged> = answer<WireClientChanged>(
  { client, secret: stringOrNull, revoked: orNull(revoked) },
  { name: 'ClientChanged' },
)

export const guard: Schema<WireGuard> = answer<WireGuard>(
  { name: anyString, createdAt: instant },
  { name: 'Guard' },
)

export const guardAdded: Schema<WireGuardAdded> = answer<WireGuardAdded>({
  guard,
  credential: anyString,
})

export const verifier: Schema<WireVerifier> = answer<WireVerifier>(
  {
    id: anyString,
    kind: choice(['node', 'guard'], {}),
    name: anyString,
    address: stringOrNull,
    fresh: boolean,
    leaseLeftMs: msOrNull,
    behind: integer,
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
    id: anyString,
    receiver: anyString,
    subject: anyString,
    revocation: anyString,
    facts: anything,
    state: choice(deliveryStates, {}),
    attempts: integer,
    createdAt: instant,
    nextAttemptAt: instantOrNull,
    settledAt: instantOrNull,
    lastError: stringOrNull,
  },
  { name: 'Delivery' },
)

export const signingKey: Schema<WireKey> = answer<WireKey>(
  {
    kid: anyString,
    algorithm: anyString,
    state: choice(['signing', 'retired', 'removed'], {}),
    createdAt: instant,
    retiredAt: instantOrNull,
    removeAfter: instantOrNull,
  },
  { name: 'Key' },
)

export const keyRotated: Schema<WireKeyRotated> = answer<WireKeyRotated>({ kid: anyString })

export const caller: Schema<WireCaller> = answer<WireCaller>({
  address: anyString,
  ignoredFrom: stringOrNull,
  ignored: integer,
  unreadable: integer,
})
