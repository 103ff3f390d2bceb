import type { Delivery } from '../domain/delivery.ts'
import type { Receiver, SendOutcome, SettleCommand } from '../ports/delivery.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * A claim lasts longer than a try, so that no other node takes it over while its message is on its
 * way.
 */
export const DELIVERY_LEASE_MS = 60_000

/** How long a receiver may take to answer. */
const TRY_MS = 10_000

const FIRST_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 3_600_000

/** With the pauses between them these are about three days. */
export const MAX_DELIVERY_ATTEMPTS = 90

export interface DeliverRequest {
  readonly receiver: Receiver
  /** Claimed by this process. */
  readonly delivery: Delivery
  /** Aborted when this process stops: the message goes back to what is owed. */
  readonly stopping: AbortSignal
}

export interface Delivered {
  readonly state: SettleCommand['state']
  /** For how long the receiver wants to be left alone, milliseconds. */
  readonly retryAfterMs: number | undefined
}

/**
 * Sends one message that was claimed, and settles the claim: delivered, to be tried again later, or
 * given up. What cannot be settled is sent again when its claim has ended, under the same id.
 *
 * @throws {Refusal} `store_unavailable`: it is not settled.
 */
export async function deliver(
  dependencies: CoreDependencies,
  request: DeliverRequest,
): Promise<Delivered> {
  const { store, clock } = dependencies
  const { delivery, stopping } = request
  const outcome = await tryToSend(dependencies, request)
  const { id, claimedBy = '' } = delivery
  const settlement =
    stopping.aborted && outcome.kind !== 'delivered'
      ? // As if it had not been tried: another process may do it at once.
        released(delivery, clock.nowMs())
      : settlementOf(dependencies, delivery, outcome)
  await store.settleDelivery({ id, claimedBy, ...settlement })
  report(dependencies, delivery, settlement)
  return { state: settlement.state, retryAfterMs: retryAfter(outcome) }
}

async function tryToSend(
  { clock }: CoreDependencies,
  { receiver, delivery, stopping }: DeliverRequest,
): Promise<SendOutcome> {
  if (stopping.aborted) return stopped
  // Not `AbortSignal.any`: Node keeps what that makes for as long as a receiver leaves a listener on it.
  const given = new AbortController()
  let isLate = false
  const cancel = clock.after(TRY_MS, () => {
    isLate = true
    given.abort()
  })
  // A receiver that does not listen to its signal must not keep the server from stopping.
  const { promise: aborted, resolve } = Promise.withResolvers<SendOutcome>()
  given.signal.addEventListener('abort', () => {
    resolve(stopped)
  })
  const stop = (): void => {
    given.abort()
  }
  stopping.addEventListener('abort', stop)
  try {
    const outcome = await Promise.race([receiver.send(delivery, given.signal), aborted])
    if (outcome.kind === 'again' && isLate) {
      return { kind: 'again', error: `no answer within ${String(TRY_MS / 1000)} seconds` }
    }
    return outcome
  } finally {
    cancel()
    stopping.removeEventListener('abort', stop)
  }
}

const stopped: SendOutcome = { kind: 'again', error: 'this process stops' }

type Settlement = Omit<SettleCommand, 'id' | 'claimedBy'>

function released({ attempts, lastError, failedAtMs }: Delivery, nowMs: number): Settlement {
  return { state: 'owed', attempts: attempts - 1, atMs: nowMs, lastError, failedAtMs }
}

function settlementOf(
  { clock, random }: CoreDependencies,
  { attempts }: Delivery,
  outcome: SendOutcome,
): Settlement {
  const nowMs = clock.nowMs()
  switch (outcome.kind) {
    case 'delivered':
      return { state: 'delivered', attempts, atMs: nowMs, ...noFailure }
    case 'refused':
      return { state: 'dead', attempts, atMs: nowMs, ...failure(outcome, nowMs) }
    case 'again': {
      const failed = failure(outcome, nowMs)
      if (attempts >= MAX_DELIVERY_ATTEMPTS)
        return { state: 'dead', attempts, atMs: nowMs, ...failed }
      const chance = (random.bytes(1)[0] ?? 0) / 255
      const pauseMs = Math.max(pauseAfter(attempts, chance), retryAfter(outcome) ?? 0)
      return { state: 'owed', attempts, atMs: nowMs + pauseMs, ...failed }
    }
  }
}

type Failed = Pick<Settlement, 'lastError' | 'failedAtMs'>

const noFailure: Failed = { lastError: undefined, failedAtMs: undefined }

function failure({ error: lastError }: { readonly error: string }, failedAtMs: number): Failed {
  return { lastError, failedAtMs }
}

/**
 * Twice as long each time, up to an hour; and between half of it and all, so that what failed
 * together does not come back together.
 */
function pauseAfter(attempts: number, chance: number): number {
  const maxMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20))
  return Math.round(maxMs * (0.5 + chance / 2))
}

/** What the receiver asked for, within bounds. */
function retryAfter(outcome: SendOutcome): number | undefined {
  if (outcome.kind !== 'again' || outcome.retryAfterMs === undefined) return undefined
  return Math.min(Math.max(0, outcome.retryAfterMs), MAX_PAUSE_MS)
}

function report(
  { log }: CoreDependencies,
  { id, receiver, revocationId, attempts }: Delivery,
  { state, lastError }: Settlement,
): void {
  const fields = { delivery: id, receiver, revocationId, attempt: attempts }
  if (state === 'delivered') log.info(fields, 'delivered')
  else if (state === 'dead') {
    log.error(
      { ...fields, reason: lastError },
      'Cannot deliver: given up until it is retried by hand',
    )
  } else if (lastError !== undefined && attempts === 1) {
    log.warn({ ...fields, reason: lastError }, 'Cannot deliver: it is tried again')
  }
}
