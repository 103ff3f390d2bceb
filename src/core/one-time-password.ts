/**
 * One-time passwords: sent through the OTP sender port, stored as a keyed hash, limited in attempts
 * and in time, gone after one use.
 */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { refuse } from '../domain/failure.ts'
import type { CoreDependencies } from './dependencies.ts'

export interface OtpRequest {
  readonly dialect: string
  /** Whom it is for: a phone number or a subject id. */
  readonly recipient: string
  /** Where it is sent, the recipient itself for phones. */
  readonly to: string
  /** Number of digits. */
  readonly digits: number
  readonly lifetimeMs: number
  /** A code fixed in advance, for the demo identities alone. */
  readonly fixedCode?: string
}

export interface OtpCheck {
  readonly dialect: string
  readonly recipient: string
  readonly code: string
  /** Wrong codes after which the OTP is void. */
  readonly mostAttempts: number
}

interface StoredOtp {
  readonly salt: string
  readonly mac: string
}

/** An expired OTP is kept this long, so that its holder is told that it expired. */
const REMEMBER_EXPIRED_MS = 3_600_000

/**
 * Sends a new OTP; an earlier one of the same recipient is void from then on.
 *
 * @throws {Refusal} `store_unavailable`; `internal` when the sender did not take it.
 */
export async function sendOtp(dependencies: CoreDependencies, request: OtpRequest): Promise<void> {
  const { store, clock, random, otpSender } = dependencies
  const code =
    request.fixedCode ??
    randomInt(10 ** request.digits)
      .toString()
      .padStart(request.digits, '0')
  const salt = Buffer.from(random.bytes(16)).toString('base64url')
  const stored: StoredOtp = { salt, mac: mac(salt, code) }
  const validUntilMs = clock.nowMs() + request.lifetimeMs
  await store.putTicket({
    kind: 'otp',
    key: ticketKey(request.dialect, request.recipient),
    value: JSON.stringify({ ...stored, validUntilMs }),
    expiresAtMs: validUntilMs + REMEMBER_EXPIRED_MS,
  })
  try {
    await otpSender.send({ to: request.to, code, dialect: request.dialect })
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    refuse({ kind: 'internal', reason: `Cannot send a one-time password: ${reason}` })
  }
}

/**
 * Checks an OTP and uses it up: of two callers with the right code one gets in.
 *
 * @throws {Refusal} `otp_invalid` (wrong, unknown, used, or too many attempts), `otp_expired`.
 */
export async function checkOtp(dependencies: CoreDependencies, check: OtpCheck): Promise<void> {
  const { store, clock } = dependencies
  const key = ticketKey(check.dialect, check.recipient)
  // Counted before it is compared, so that many guesses at once cannot outrun the count.
  const attempts = await store.countAttempt('otp', key)
  if (attempts === 0 || attempts > check.mostAttempts) return refuse({ kind: 'otp_invalid' })
  const ticket = await store.findTicket('otp', key)
  if (ticket === undefined) return refuse({ kind: 'otp_invalid' })
  const stored = JSON.parse(ticket.value) as StoredOtp & { readonly validUntilMs: number }
  const right = timingSafeEqual(
    Buffer.from(stored.mac, 'base64url'),
    Buffer.from(mac(stored.salt, check.code), 'base64url'),
  )
  if (!right) return refuse({ kind: 'otp_invalid' })
  if (clock.nowMs() > stored.validUntilMs) return refuse({ kind: 'otp_expired' })
  const taken = await store.takeTicket('otp', key)
  if (taken?.value !== ticket.value) return refuse({ kind: 'otp_invalid' })
}

function ticketKey(dialect: string, recipient: string): string {
  return `${dialect}:${recipient}`
}

function mac(salt: string, code: string): string {
  return createHmac('sha256', salt).update(code).digest('base64url')
}
