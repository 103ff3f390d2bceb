/** Rows that both stores name alike, as the domain's values. Columns are in snake case. */
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

/** What a session read of each counter. */
export type GenerationColumns = { readonly [S in SessionCounter as `${S}_generation`]: number }

export function toGenerations(row: GenerationColumns): Generations {
  return generationsFrom((scope) => row[generationColumn(scope)])
}

export interface SessionRow extends GenerationColumns {
  readonly number: number
  readonly sid: string
  readonly participant_id: string
  readonly subject_id: string
  readonly client_id: string
  readonly device_key: string | null
  readonly dialect: string
  readonly created_at_ms: number
  readonly expires_at_ms: number
  readonly access_lifetime_ms: number
  readonly attributes: string
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

export interface SubjectRow {
  readonly id: string
  readonly name: string
  readonly username: string | null
  readonly email: string | null
  readonly phone: string | null
  readonly password_hash: string | null
  /** The column keeps its earlier name. */
  readonly standing: Subject['status']
  readonly created_at_ms: number
  readonly attributes: string
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

export interface ClientRow {
  readonly id: string
  readonly name: string
  readonly dialect: string
  readonly key: string
  readonly secret_hash: string | null
  readonly allowlist: string
  readonly redirect_uris: string
  readonly standing: Client['status']
  readonly created_at_ms: number
  readonly attributes: string
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

export interface TicketRow {
  readonly kind: string
  readonly key: string
  readonly value: string
  readonly expires_at_ms: number
  readonly attempts: number
}

export function toTicket(row: TicketRow): Ticket {
  return { kind: row.kind, key: row.key, value: row.value, expiresAtMs: row.expires_at_ms }
}

export interface KeyRow {
  readonly kid: string
  readonly algorithm: SigningKey['algorithm']
  readonly private_jwk: string
  readonly created_at_ms: number
  readonly retired_at_ms: number | null
  readonly remove_after_ms: number | null
}

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

export interface DeliveryRow {
  readonly number: number
  readonly id: string
  readonly receiver: string
  readonly subject: string
  readonly revocation_id: string
  readonly facts: string
  readonly created_at_ms: number
  readonly state: Delivery['state']
  readonly attempts: number
  readonly due_at_ms: number
  readonly claimed_by: string | null
  readonly last_error: string | null
  readonly settled_at_ms: number | null
}

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
    settledAtMs: row.settled_at_ms ?? undefined,
  }
}

export interface CheckpointRow {
  readonly stream: string
  readonly sequence: number
  readonly hash: string
  readonly kept: number
  readonly kept_hash: string
  readonly before_ms: number
  readonly at_ms: number
  readonly actor: string
  readonly seal: string
}

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

export interface OperatorRow {
  readonly id: string
  readonly name: string
  readonly role: Operator['role']
  readonly password_hash: string | null
  readonly created_at_ms: number
  readonly identity: string | null
}

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

export interface PasskeyRow {
  readonly id: string
  readonly holder: string
  readonly public_key: string
  readonly counter: number
  readonly transports: string
  readonly created_at_ms: number
  readonly last_used_at_ms: number | null
  readonly name: string
}

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
