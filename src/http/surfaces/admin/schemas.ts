/**
 * JSON Schemas of what is on the wire, for the OpenAPI document; `protocol/admin-api.ts` has the
 * same as types. A schema with `x-schema-name` becomes a component of that name.
 */
import { PARTICIPANTS_SHOWN } from '../../../domain/session.ts'
import {
  deliveryStates,
  requestedScopes,
  revocationReasons,
  revocationScopes,
} from '../../../protocol/admin-api.ts'

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string' }
const flag: Schema = { type: 'boolean' }
const count: Schema = { type: 'integer', minimum: 0 }
const textOrNull: Schema = orNull(text)
const milliseconds: Schema = { type: 'integer', minimum: 0 }
const instant: Schema = { type: 'string', format: 'date-time' }
const texts: Schema = { type: 'array', items: text }
const anything: Schema = { type: 'object', additionalProperties: true }
const status: Schema = { type: 'string', enum: ['active', 'disabled'] }
const scopeSchema: Schema = { type: 'string', enum: [...revocationScopes] }
export const requestedScopeSchema: Schema = { type: 'string', enum: [...requestedScopes] }
export const reasonSchema: Schema = { type: 'string', enum: [...revocationReasons] }

function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: 'null' }] }
}

/** An object of an answer: every property is always there. */
function named(name: string, properties: Readonly<Record<string, Schema>>): Schema {
  return { 'x-schema-name': name, ...fixed(properties) }
}

export function fixed(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', required: Object.keys(properties), properties }
}

export function pageOf(item: Schema): Schema {
  return fixed({ items: { type: 'array', items: item }, next: orNull(text) })
}

export const problemSchema: Schema = {
  'x-schema-name': 'Problem',
  type: 'object',
  description: 'Problem details (RFC 9457)',
  required: ['type', 'title', 'status'],
  properties: {
    type: { type: 'string', format: 'uri', description: '`urn:outright:problem:<slug>`' },
    title: text,
    status: { type: 'integer', minimum: 400, maximum: 599 },
    detail: text,
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['detail'],
        properties: {
          pointer: { type: 'string', description: 'JSON pointer into the body' },
          parameter: { type: 'string', description: 'name in the query' },
          detail: text,
        },
      },
    },
  },
}

export const revocationSchema: Schema = named('Revocation', {
  id: text,
  scope: scopeSchema,
  issuer: text,
  key: text,
  reason: reasonSchema,
  actor: text,
  note: text,
  at: instant,
  stream: text,
  sequence: count,
  generation: count,
  cutoff: orNull(instant),
  forgetAfter: instant,
  hash: text,
})

const receiptSchema: Schema = named('Receipt', {
  confirmed: flag,
  acknowledged: count,
  verifiers: count,
  lapsed: count,
  elapsedMs: milliseconds,
})

const told: Schema = {
  type: 'array',
  description:
    'who outside has to be told of an end of another issuer’s tokens, such as the identity provider',
  items: fixed({
    receiver: text,
    delivery: text,
    state: { type: 'string', enum: [...deliveryStates] },
  }),
}

export const revokedSchema: Schema = named('Revoked', {
  revocation: revocationSchema,
  receipt: receiptSchema,
  added: flag,
  told,
})

export const revocationDetailSchema: Schema = named('RevocationDetail', {
  revocation: revocationSchema,
  receipt: orNull(receiptSchema),
  acknowledgements: orNull({
    type: 'array',
    items: fixed({
      verifier: text,
      outcome: { type: 'string', enum: ['acknowledged', 'lapsed', 'waiting'] },
      elapsedMs: orNull(milliseconds),
    }),
  }),
  told,
})

const sessionState: Schema = { type: 'string', enum: ['live', 'revoked', 'expired'] }

const participantSchema: Schema = named('Participant', {
  client: text,
  dialect: text,
  state: sessionState,
  joinedAt: instant,
  attributes: anything,
})

export const sessionSchema: Schema = named('Session', {
  sid: text,
  subject: text,
  client: text,
  device: orNull(text),
  dialect: text,
  state: sessionState,
  createdAt: instant,
  expiresAt: instant,
  attributes: anything,
  participants: { type: 'array', items: participantSchema, maxItems: PARTICIPANTS_SHOWN },
})

export const foreignSessionSchema: Schema = named('ForeignSession', {
  issuer: text,
  subject: text,
  session: orNull(text),
  client: orNull(text),
  state: sessionState,
  firstSeenAt: instant,
  lastSeenAt: instant,
  expiresAt: instant,
})

export const dryRunSchema: Schema = named('DryRun', {
  dryRun: { const: true },
  scope: scopeSchema,
  issuer: text,
  key: text,
  cutoff: orNull(instant),
  known: flag,
  sessions: count,
  tokensValidUntil: orNull(instant),
  sample: { type: 'array', items: sessionSchema, maxItems: 10 },
})

export const subjectSchema: Schema = named('Subject', {
  id: text,
  name: text,
  username: orNull(text),
  email: orNull(text),
  phone: orNull(text),
  hasPassword: flag,
  status,
  createdAt: instant,
  attributes: anything,
})

export const subjectChangedSchema: Schema = named('SubjectChanged', {
  subject: subjectSchema,
  password: orNull(text),
  revoked: orNull(revokedSchema),
})

export const clientSchema: Schema = named('Client', {
  id: text,
  name: text,
  dialect: text,
  key: text,
  hasSecret: flag,
  allowlist: texts,
  redirectUris: texts,
  status,
  createdAt: instant,
  attributes: anything,
})

export const clientChangedSchema: Schema = named('ClientChanged', {
  client: clientSchema,
  secret: orNull(text),
  revoked: orNull(revokedSchema),
})

export const guardSchema: Schema = named('Guard', { name: text, createdAt: instant })

export const verifierSchema: Schema = named('Verifier', {
  id: text,
  kind: { type: 'string', enum: ['node', 'guard'] },
  name: text,
  address: orNull(text),
  fresh: flag,
  leaseLeftMs: orNull(milliseconds),
  behind: count,
  lagMs: {
    ...orNull(milliseconds),
    description:
      'from the commit of entries to its acknowledgement of them, as last measured; or the age of the ' +
      'oldest that it has not acknowledged, where that is more; null before anything was measured',
  },
  connectedAt: orNull(instant),
})

export const deliverySchema: Schema = named('Delivery', {
  id: text,
  receiver: text,
  subject: text,
  revocation: text,
  facts: anything,
  state: { type: 'string', enum: [...deliveryStates] },
  attempts: count,
  createdAt: instant,
  nextAttemptAt: orNull(instant),
  settledAt: orNull(instant),
  lastError: orNull(text),
})

export const keySchema: Schema = named('Key', {
  kid: text,
  algorithm: text,
  state: { type: 'string', enum: ['signing', 'retired', 'removed'] },
  createdAt: instant,
  retiredAt: orNull(instant),
  removeAfter: orNull(instant),
})

const checkpointSchema: Schema = named('Checkpoint', {
  sequence: count,
  hash: text,
  removed: count,
  kept: count,
  before: instant,
  at: instant,
  actor: text,
  seal: text,
})

const streamCutSchema: Schema = named('StreamCut', {
  stream: text,
  removed: count,
  from: orNull(checkpointSchema),
  broken: orNull(fixed({ sequence: count, reason: text })),
})

export const cutSchema: Schema = named('Cut', {
  dryRun: flag,
  done: flag,
  streams: { type: 'array', items: streamCutSchema },
})

/** The fields of a body, each optional unless `required` names it. */
export function bodyOf(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = [],
): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    properties,
    ...(required.length === 0 ? {} : { required: [...required] }),
  }
}

export const bodySchemas: Readonly<
  Record<'text' | 'textOrNull' | 'count' | 'flag' | 'texts' | 'anything' | 'status', Schema>
> = { text, textOrNull, count, flag, texts, anything, status }
