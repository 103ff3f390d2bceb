/**
 * Device authorization (RFC 8628): a device without a browser shows a short code, a person types it
 * elsewhere and decides, and the device asks until it knows. What was allowed opens a session of
 * its own, in which the device stays when the person logs out of the browser later.
 *
 * Everything is tickets: the request and, under the same hash of the device code, what was decided
 * and when the device may ask again; and the user code, which leads to the request. So it holds on
 * every store, at every node, and travels with backups.
 */
import { refuse } from '../domain/failure.ts'
import type { Json } from '../domain/session.ts'
import {
  codeKind,
  redeemGrant,
  REMEMBER_MS,
  type CodeGrant,
  type StoredGrant,
} from './authorization-code.ts'
import type { CoreDependencies } from './dependencies.ts'
import { digest, mintHandle } from './handles.ts'
import { mintCode } from './mint-code.ts'
import type { IssuedTokens } from './issued-tokens.ts'
import type { SessionRequest } from './open-session.ts'

/** No vowels, so no words, and nothing that is mistaken for a digit (RFC 8628, section 6.1). */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ'
/** 34 bits. */
const USER_CODE_LENGTH = 8
/** With 25 billion codes a second try is rare; this many in a row mean that something is wrong. */
const MAX_TRIES = 8
/** By how much a device that asks too early has to wait longer (RFC 8628, section 3.5). */
const SLOWER_MS = 5000
const MAX_SLOWER_MS = 60_000
/** How much of the interval has to be over: networks deliver one question late and the next early. */
const PUNCTUALITY = 0.9

export interface DeviceRequest {
  /** Id of the client that runs on the device. */
  readonly clientId: string
  /** What the surface wants to see again: the scopes. */
  readonly context: { readonly [name: string]: Json }
}

export interface NewDeviceRequest extends DeviceRequest {
  readonly dialect: string
  readonly lifetimeMs: number
  /** How long the device waits between two questions. */
  readonly intervalMs: number
}

export interface DeviceCodes {
  /** 43 characters of base64url; the store keeps only its hash. */
  readonly deviceCode: string
  /** As a person reads it: `WDJB-MJHT`. */
  readonly userCode: string
}

interface StoredRequest extends DeviceRequest {
  readonly validUntilMs: number
  readonly intervalMs: number
}

/** A person's decision about a code that was typed. */
export type DeviceDecision =
  ({ readonly kind: 'allowed' } & Omit<CodeGrant, 'clientId'>) | { readonly kind: 'denied' }

export type DeviceOutcome =
  | { readonly kind: 'issued'; readonly issued: IssuedTokens }
  | { readonly kind: 'pending' | 'too_early' | 'denied' | 'expired' }

export interface DevicePoll {
  readonly dialect: string
  readonly deviceCode: string
  /** Whether the caller may ask; refuses where not, before anything is counted. */
  readonly permit: (request: DeviceRequest) => void
  /** How the session is opened, once it was allowed. */
  readonly session: (grant: CodeGrant) => Omit<SessionRequest, 'subjectId' | 'clientId' | 'dialect'>
}

export interface DeviceVerbs {
  /** Begins: both codes are good for the same time. */
  begin(request: NewDeviceRequest): Promise<DeviceCodes>
  /**
   * The request of a user code, in any case, with or without dashes and spaces; undefined where
   * there is none, or it is decided or over.
   */
  find(
    dialect: string,
    userCode: string,
  ): Promise<(DeviceRequest & Pick<DeviceCodes, 'userCode'>) | undefined>
  /** Decides. False if it was decided before or has expired: only the first decision counts. */
  decide(dialect: string, userCode: string, decision: DeviceDecision): Promise<boolean>
  /**
   * A device asks for its tokens. The code is marked as used in the transaction that opens the
   * session, so of concurrent callers at any node only one gets tokens.
   *
   * @throws {Refusal} What `permit` refuses with; `token_invalid`: there is no such code, or it was
   *   used before; `token_revoked`: what the person allowed has ended since; `account_disabled`,
   *   `store_unavailable`.
   */
  poll(poll: DevicePoll): Promise<DeviceOutcome>
}

export function deviceVerbs(dependencies: CoreDependencies): DeviceVerbs {
  return {
    begin: (request) => begin(dependencies, request),
    find: async (dialect, userCode) => {
      const found = await findByUserCode(dependencies, dialect, userCode)
      if (found === undefined) return undefined
      const { clientId, context } = found
      return { clientId, context, userCode: readable(normalUserCode(userCode)) }
    },
    decide: (dialect, userCode, decision) => decide(dependencies, dialect, userCode, decision),
    poll: (request) => poll(dependencies, request),
  }
}

async function begin(
  { store, clock, random }: CoreDependencies,
  { dialect, lifetimeMs, ...request }: NewDeviceRequest,
): Promise<DeviceCodes> {
  const deviceCode = mintHandle(random)
  const key = digest(deviceCode)
  const nowMs = clock.nowMs()
  const validUntilMs = nowMs + lifetimeMs
  const value: StoredRequest = { ...request, validUntilMs }
  await store.putTicket({
    kind: kindOf(dialect).request,
    key,
    value: JSON.stringify(value),
    expiresAtMs: validUntilMs + REMEMBER_MS,
  })
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const userCode = mintCode(random, ALPHABET, USER_CODE_LENGTH)
    const leads = { kind: kindOf(dialect).userCode, key: digest(userCode), value: key }
    if (await store.addTicket({ ...leads, expiresAtMs: validUntilMs }, nowMs)) {
      return { deviceCode, userCode: readable(userCode) }
    }
  }
  return refuse({ kind: 'internal', reason: 'no user code is free' })
}

async function decide(
  dependencies: CoreDependencies,
  dialect: string,
  userCode: string,
  decision: DeviceDecision,
): Promise<boolean> {
  const { store, clock } = dependencies
  const found = await findByUserCode(dependencies, dialect, userCode)
  if (found === undefined) return false
  const { key, clientId, validUntilMs } = found
  const ticket = {
    kind: kindOf(dialect).decision,
    key,
    value: JSON.stringify(stored(decision, { clientId, validUntilMs })),
    expiresAtMs: validUntilMs + REMEMBER_MS,
  }
  const isFirst = await store.addTicket(ticket, clock.nowMs())
  await store.takeTicket(kindOf(dialect).userCode, digest(normalUserCode(userCode)))
  return isFirst
}

interface Denied {
  readonly isDenied: true
}

function stored(
  decision: DeviceDecision,
  of: Pick<StoredGrant, 'clientId' | 'validUntilMs'>,
): StoredGrant | Denied {
  if (decision.kind === 'denied') return { isDenied: true }
  const { kind: _, ...grant } = decision
  return { ...grant, ...of }
}

async function findByUserCode(
  { store, clock }: CoreDependencies,
  dialect: string,
  userCode: string,
): Promise<(StoredRequest & { readonly key: string }) | undefined> {
  const code = normalUserCode(userCode)
  const leads = await store.findTicket(kindOf(dialect).userCode, digest(code))
  const found = leads && (await store.findTicket(kindOf(dialect).request, leads.value))
  if (found === undefined) return undefined
  const request = JSON.parse(found.value) as StoredRequest
  return clock.nowMs() > request.validUntilMs ? undefined : { ...request, key: found.key }
}

/** As it was issued: people may type lower case, hyphens and spaces. */
function normalUserCode(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z\d]/g, '')
}

function readable(userCode: string): string {
  return `${userCode.slice(0, 4)}-${userCode.slice(4)}`
}

async function poll(
  dependencies: CoreDependencies,
  { dialect, deviceCode, permit, session }: DevicePoll,
): Promise<DeviceOutcome> {
  const { store, clock } = dependencies
  const kind = kindOf(dialect)
  const key = digest(deviceCode)
  const found = await store.findTicket(kind.request, key)
  if (found === undefined) return refuse({ kind: 'token_invalid', reason: 'there is no such code' })
  const request = JSON.parse(found.value) as StoredRequest
  permit(request)
  const nowMs = clock.nowMs()
  const slowerMs = Math.min(found.attempts * SLOWER_MS, MAX_SLOWER_MS)
  const waitMs = Math.floor((request.intervalMs + slowerMs) * PUNCTUALITY)
  const pace = { kind: kind.pace, key, value: '', expiresAtMs: nowMs + waitMs }
  if (!(await store.addTicket(pace, nowMs))) {
    await store.countAttempt(kind.request, key)
    return { kind: 'too_early' }
  }
  const place = { kind: kind.decision, key }
  const ticket = await store.findTicket(place.kind, key)
  const isOver = nowMs > request.validUntilMs
  if (ticket === undefined) return { kind: isOver ? 'expired' : 'pending' }
  const decided = JSON.parse(ticket.value) as StoredGrant | Denied
  if ('isDenied' in decided) return { kind: 'denied' }
  if (isOver && decided.used === undefined) return { kind: 'expired' }
  const grant = { ...decided, isUsed: ticket.attempts > 0 }
  const redemption = { place, grant, dialect, graceMs: 0, session: session(grant) }
  const issued = await redeemGrant(dependencies, redemption)
  return { kind: 'issued', issued }
}

/** Kinds of tickets, apart from those of codes that came through a browser. */
function kindOf(dialect: string) {
  return {
    request: `${dialect}-device`,
    userCode: `${dialect}-user-code`,
    decision: codeKind(`${dialect}-device`),
    pace: `${dialect}-device-pace`,
  }
}
