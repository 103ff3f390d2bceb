/** From the domain to the wire: one function a resource. Secrets have no function. */
import type { ForeignSessionStatus } from '../../../core/foreign-sessions.ts'
import type { Names } from '../../../core/directory.ts'
import type { Delivery } from '../../../domain/delivery.ts'
import type { Client, Subject } from '../../../domain/identity.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import type { Revocation } from '../../../domain/revocation.ts'
import type { Participation, SessionStatus } from '../../../domain/session.ts'
import type { Revoked } from '../../../core/revoke.ts'
import type { Told } from '../../../core/told.ts'
import type { KnownKey } from '../../../core/keys.ts'
import type { DirectoryIds } from '../../../ports/store.ts'
import type {
  WireClient,
  WireDelivery,
  WireGuard,
  WireKey,
  WireParticipant,
  WireReceipt,
  WireRevocation,
  WireRevoked,
  WireTold,
  WireForeignSession,
  WireSession,
  WireSubject,
} from '../../../protocol/admin-api.ts'

export function time(ms: number): string {
  return new Date(ms).toISOString()
}

export function wireRevocation(revocation: Revocation): WireRevocation {
  return {
    id: revocation.id,
    scope: revocation.scope,
    key: revocation.key,
    issuer: revocation.issuer,
    reason: revocation.reason,
    actor: revocation.actor,
    note: revocation.note,
    at: time(revocation.atMs),
    stream: revocation.stream,
    sequence: revocation.sequence,
    generation: revocation.generation,
    cutoff: revocation.cutoffSeconds === 0 ? null : time(revocation.cutoffSeconds * 1000),
    forgetAfter: time(revocation.forgetAfterMs),
    hash: revocation.hash,
  }
}

export function wireReceipt(receipt: Receipt): WireReceipt {
  const { confirmed, acknowledged, verifiers, lapsed, elapsedMs } = receipt
  return { confirmed, acknowledged, verifiers, lapsed, elapsedMs: Math.round(elapsedMs) }
}

/**
 * @param told For ends of another issuer's tokens; ends of our own have no such receivers in the
 *   receipt.
 */
export function wireRevoked(
  { revocation, receipt, added }: Revoked,
  told: readonly Told[] = [],
): WireRevoked {
  return {
    revocation: wireRevocation(revocation),
    receipt: wireReceipt(receipt),
    added,
    told: told.map(wireTold),
  }
}

/** What a change ended; null where it ended nothing. */
export function wireEnded(revoked: Revoked | undefined): WireRevoked | null {
  return revoked === undefined ? null : wireRevoked(revoked)
}

export function wireTold({ id, receiver, state }: Told): WireTold {
  return { receiver, delivery: id, state }
}

/** Whose names an answer about sessions needs. */
export function namedIn(found: readonly SessionStatus[]): DirectoryIds {
  return {
    subjects: found.map(({ session }) => session.subjectId),
    clients: found.flatMap(({ session, participants }) => [
      session.clientId,
      ...participants.map((one) => one.session.clientId),
    ]),
  }
}

export function wireSession(
  { session, state, lastSeenAtMs, participants }: SessionStatus,
  names: Names,
): WireSession {
  return {
    sid: session.sid,
    subject: session.subjectId,
    subjectName: names.subject(session.subjectId) ?? null,
    client: session.clientId,
    clientName: names.client(session.clientId) ?? null,
    device: session.deviceKey ?? null,
    dialect: session.dialect,
    state,
    createdAt: time(session.createdAtMs),
    expiresAt: time(session.expiresAtMs),
    lastSeenAt: time(lastSeenAtMs),
    accessLifetimeMs: session.accessLifetimeMs,
    attributes: session.attributes,
    participants: participants.map((one) => wireParticipant(one, names)),
  }
}

export function wireForeignSession({ session, state }: ForeignSessionStatus): WireForeignSession {
  return {
    issuer: session.issuer,
    subject: session.subject,
    session: session.session || null,
    client: session.client || null,
    state,
    firstSeenAt: time(session.firstSeenAtMs),
    lastSeenAt: time(session.lastSeenAtMs),
    expiresAt: time(session.expiresAtMs),
  }
}

function wireParticipant({ session, state }: Participation, names: Names): WireParticipant {
  return {
    client: session.clientId,
    clientName: names.client(session.clientId) ?? null,
    dialect: session.dialect,
    state,
    joinedAt: time(session.createdAtMs),
    attributes: session.attributes,
  }
}

export function wireSubject(subject: Subject): WireSubject {
  return {
    id: subject.id,
    name: subject.name,
    username: subject.username ?? null,
    email: subject.email ?? null,
    phone: subject.phone ?? null,
    hasPassword: subject.passwordHash !== undefined,
    status: subject.status,
    createdAt: time(subject.createdAtMs),
    attributes: subject.attributes,
  }
}

export function wireClient(client: Client): WireClient {
  return {
    id: client.id,
    name: client.name,
    dialect: client.dialect,
    key: client.key,
    hasSecret: client.secretHash !== undefined,
    allowlist: client.allowlist,
    redirectUris: client.redirectUris,
    status: client.status,
    createdAt: time(client.createdAtMs),
    attributes: client.attributes,
  }
}

export function wireGuard(guard: Client): WireGuard {
  return { name: guard.key, createdAt: time(guard.createdAtMs) }
}

export function wireKey(key: KnownKey): WireKey {
  const state = key.retiredAtMs === undefined ? 'signing' : 'retired'
  return {
    kid: key.kid,
    algorithm: key.algorithm,
    state: key.isRemoved ? 'removed' : state,
    createdAt: time(key.createdAtMs),
    retiredAt: key.retiredAtMs === undefined ? null : time(key.retiredAtMs),
    removeAfter: key.removeAfterMs === undefined ? null : time(key.removeAfterMs),
  }
}

export function wireDelivery(delivery: Delivery): WireDelivery {
  const { state, dueAtMs, settledAtMs } = delivery
  return {
    id: delivery.id,
    receiver: delivery.receiver,
    subject: delivery.subject,
    revocation: delivery.revocationId,
    facts: delivery.facts,
    state,
    attempts: delivery.attempts,
    createdAt: time(delivery.createdAtMs),
    nextAttemptAt: state === 'owed' ? time(dueAtMs) : null,
    settledAt: settledAtMs === undefined ? null : time(settledAtMs),
    lastError: delivery.lastError ?? null,
  }
}
