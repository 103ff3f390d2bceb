/** Rows that both stores name alike, as the domain's values. */
import type { Checkpoint } from '../domain/checkpoint.ts'
import type { Delivery } from '../domain/delivery.ts'
import { generationsFrom, type Generations } from '../domain/generation.ts'
import type { Client, Subject } from '../domain/identity.ts'
import type { Operator, OperatorIdentity } from '../domain/operator.ts'
import type { Passkey } from '../domain/passkey.ts'
import type { SessionCounter } from '../domain/scope.ts'
import type { Session } from '../domain/session.ts'
import type { SigningKey } from '../ports/store.ts'
import type { Ticket } from '../ports/ticket.ts'
import { generationColumn } from './ends.ts'
import type { Row } from './row.ts'

/** What a session read of each counter. */
export type GenerationColumns = { readonly [S in SessionCounter as `${S}_generation`]: number }

export function toGenerations(row: GenerationColumns): Generations {
  return generationsFrom((scope) => row[generationColumn(scope)])
}

export interface SessionRow extends Row<Omit<Session, 'generations'>>, GenerationColumns {
  readonly number: number
}

export function toSession(row: SessionRow): Session {
  return {
    sid: row.sid,
    participantId: row.participant_id,
    subjectId: row.subject_id,
    clientId: row.client_id,
    deviceKey: row.device_key ?? undefined,
    dialect: row.dialect,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    accessLifetimeMs: row.access_lifetime_ms,
    generations: toGenerations(row),
    attributes: JSON.parse(row.attributes) as Session['attributes'],
  }
}

export interface SubjectRow extends Row<Omit<Subject, 'status'>> {
  /** The column keeps its earlier name. */
  readonly standing: Subject['status']
}

export function toSubject(row: SubjectRow): Subject {
  return {
    id: row.id,
    name: row.name,
    username: row.username ?? undefined,
    email: row.email ?? undefined,
    phone: row.phone ?? undefined,
    passwordHash: row.password_hash ?? undefined,
    status: row.standing,
    createdAtMs: row.created_at_ms,
    attributes: JSON.parse(row.attributes) as Subject['attributes'],
  }
}

export interface ClientRow extends Row<Omit<Client, 'status'>> {
  /** The column keeps its earlier name. */
  readonly standing: Client['status']
}

export function toClient(row: ClientRow): Client {
  return {
    id: row.id,
    name: row.name,
    dialect: row.dialect,
    key: row.key,
    secretHash: row.secret_hash ?? undefined,
    allowlist: JSON.parse(row.allowlist) as string[],
    redirectUris: JSON.parse(row.redirect_uris) as string[],
    status: row.standing,
    createdAtMs: row.created_at_ms,
    attributes: JSON.parse(row.attributes) as Client['attributes'],
  }
}

export type TicketRow = Row<Ticket> & { readonly attempts: number }

export function toTicket(row: TicketRow): Ticket {
  return { kind: row.kind, key: row.key, value: row.value, expiresAtMs: row.expires_at_ms }
}

export type KeyRow = Row<SigningKey>

export function toSigningKey(row: KeyRow): SigningKey {
  return {
    kid: row.kid,
    algorithm: row.algorithm,
    privateJwk: row.private_jwk,
    createdAtMs: row.created_at_ms,
    retiredAtMs: row.retired_at_ms ?? undefined,
    removeAfterMs: row.remove_after_ms ?? undefined,
  }
}

export type DeliveryRow = Row<Delivery> & { readonly number: number }

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    receiver: row.receiver,
    subject: row.subject,
    revocationId: row.revocation_id,
    facts: JSON.parse(row.facts) as Delivery['facts'],
    createdAtMs: row.created_at_ms,
    state: row.state,
    attempts: row.attempts,
    dueAtMs: row.due_at_ms,
    claimedBy: row.claimed_by ?? undefined,
    lastError: row.last_error ?? undefined,
    failedAtMs: row.failed_at_ms ?? undefined,
    settledAtMs: row.settled_at_ms ?? undefined,
  }
}

export type CheckpointRow = Row<Checkpoint>

export function toCheckpoint(row: CheckpointRow): Checkpoint {
  return {
    stream: row.stream,
    sequence: row.sequence,
    hash: row.hash,
    kept: row.kept,
    keptHash: row.kept_hash,
    beforeMs: row.before_ms,
    atMs: row.at_ms,
    actor: row.actor,
    seal: row.seal,
  }
}

export type OperatorRow = Row<Operator>

export function toOperator(row: OperatorRow): Operator {
  return {
    id: row.id,
    name: row.name,
    role: row.role,
    passwordHash: row.password_hash ?? undefined,
    identity: row.identity === null ? undefined : toIdentity(row.identity),
    createdAtMs: row.created_at_ms,
  }
}

/** As it is stored, and looked up: the same text for the same identity, and for no other. */
export function identityText({ issuer, claim, value }: OperatorIdentity): string {
  return JSON.stringify([issuer, claim, value])
}

function toIdentity(text: string): OperatorIdentity {
  const [issuer, claim, value] = JSON.parse(text) as [string, OperatorIdentity['claim'], string]
  return { issuer, claim, value }
}

export type PasskeyRow = Row<Passkey>

export function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    holder: row.holder,
    name: row.name,
    publicKey: row.public_key,
    counter: row.counter,
    transports: JSON.parse(row.transports) as string[],
    createdAtMs: row.created_at_ms,
    lastUsedAtMs: row.last_used_at_ms ?? undefined,
  }
}
