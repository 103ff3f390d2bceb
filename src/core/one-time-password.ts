/**
 * One-time passwords: sent through the OTP sender port, stored as a keyed hash, limited in attempts
 * and in time, gone after one use.
 *
 * Attempts are counted by address, so that a stranger cannot use up the attempts of the person whom
 * the code was sent to. All strangers together have a bound as well, against guesses from many
 * addresses; a caller who asked for the code, or has logged in from that address before, is not a
 * stranger.
 */
import { createHmac, randomInt, timingSafeEqual } from 'node:crypto'
import { refuse } from '../domain/failure.ts'
import type { CoreDependencies } from './dependencies.ts'
import { isKnownAddress } from './known-address.ts'
import { sha256 } from './sha256.ts'

export interface OtpRequest {
  readonly dialect: string
  /** Whom it is for: a phone number or a subject id. */
  readonly recipient: string
  /** Where it is sent, the recipient itself for phones. */
  readonly to: string
  /** The caller, as in `OtpCheck`. */
  readonly address: string
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
  /** The caller's address, or the block of addresses that is counted as one. */
  readonly address: string
  /** The account at which that address may be known (`isKnownAddress`); default: `recipient`. */
  readonly account?: string
  /** Wrong codes from one address after which the OTP is void for that address. */
  readonly maxAttempts: number
}

interface KeyedHash {
  readonly salt: string
  readonly mac: string
}

interface StoredOtp extends KeyedHash {
  readonly validUntilMs: number
  /** Hash of the address that asked for it. */
  readonly requestedBy: string
  /** Those that this one replaced, newest first. */
  readonly replaced: readonly KeyedHash[]
}

type FoundOtp = StoredOtp & { readonly text: string }

/** An expired OTP is kept this long, so that its holder learns that it expired. */
const REMEMBER_EXPIRED_MS = 3_600_000
/** Replaced codes that are still recognised, and not counted as guesses. */
const REPLACED_KEPT = 3
/** How many times `maxAttempts` all strangers together have. */
const STRANGERS_FACTOR = 6

/**
 * Sends a new OTP. An earlier one of the same recipient is replaced when the new one was accepted
 * for sending, and not before: what was delivered already stays good where nothing newer arrives.
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
  const key = ticketKey(request.dialect, request.recipient)
  try {
    await otpSender.send({ to: request.to, code, dialect: request.dialect })
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    return refuse({ kind: 'internal', reason: `Cannot send a one-time password: ${reason}` })
  }
  const before = await findOtp(dependencies, key)
  const salt = Buffer.from(random.bytes(16)).toString('base64url')
  const validUntilMs = clock.nowMs() + request.lifetimeMs
  const stored: StoredOtp = {
    salt,
    mac: mac(salt, code),
    validUntilMs,
    requestedBy: sha256(request.address),
    replaced:
      before === undefined ? [] : [hashOf(before), ...before.replaced].slice(0, REPLACED_KEPT),
  }
  await store.putTicket({
    kind: 'otp',
    key,
    value: JSON.stringify(stored),
    expiresAtMs: validUntilMs + REMEMBER_EXPIRED_MS,
  })
}

/**
 * Checks an OTP and uses it up: of two callers with the right code one gets in.
 *
 * @throws {Refusal} `otp_invalid` (wrong, unknown, used, or too many attempts), `otp_expired` (also
 *   one that was replaced: its holder is not guessing, and it is not counted as a guess).
 */
export async function checkOtp(dependencies: CoreDependencies, check: OtpCheck): Promise<void> {
  const { store, clock } = dependencies
  const key = ticketKey(check.dialect, check.recipient)
  const otp = await findOtp(dependencies, key)
  if (otp === undefined) return refuse({ kind: 'otp_invalid' })
  if (otp.replaced.some((old) => matches(old, check.code)) && !matches(otp, check.code)) {
    return refuse({ kind: 'otp_expired' })
  }
  // Counted before it is compared, so that many guesses at once cannot outrun the count.
  if (!(await mayTry(dependencies, key, otp, check))) return refuse({ kind: 'otp_invalid' })
  if (!matches(otp, check.code)) return refuse({ kind: 'otp_invalid' })
  if (clock.nowMs() > otp.validUntilMs) return refuse({ kind: 'otp_expired' })
  const taken = await store.takeTicket('otp', key)
  if (taken?.value !== otp.text) return refuse({ kind: 'otp_invalid' })
}

/** Counts one attempt, and says whether it is one of those that are allowed. */
async function mayTry(
  dependencies: CoreDependencies,
  key: string,
  otp: FoundOtp,
  { dialect, recipient, address, account = recipient, maxAttempts }: OtpCheck,
): Promise<boolean> {
  const { store, clock } = dependencies
  const from = sha256(address)
  const tries = { kind: 'otp-tries', key: `${key}:${otp.salt}:${from}`, value: '' }
  const expiresAtMs = otp.validUntilMs + REMEMBER_EXPIRED_MS
  await store.addTicket({ ...tries, expiresAtMs }, clock.nowMs())
  if ((await store.countAttempt(tries.kind, tries.key)) > maxAttempts) return false
  if (from === otp.requestedBy) return true
  if (await isKnownAddress(dependencies, { dialect, account, address })) return true
  const attempts = await store.countAttempt('otp', key)
  // 0: another call used it first.
  return attempts > 0 && attempts <= maxAttempts * STRANGERS_FACTOR
}

async function findOtp({ store }: CoreDependencies, key: string): Promise<FoundOtp | undefined> {
  const ticket = await store.findTicket('otp', key)
  return ticket && { ...(JSON.parse(ticket.value) as StoredOtp), text: ticket.value }
}

function ticketKey(dialect: string, recipient: string): string {
  return `${dialect}:${recipient}`
}

function hashOf({ salt, mac: hash }: KeyedHash): KeyedHash {
  return { salt, mac: hash }
}

function matches(stored: KeyedHash, code: string): boolean {
  return timingSafeEqual(
    Buffer.from(stored.mac, 'base64url'),
    Buffer.from(mac(stored.salt, code), 'base64url'),
  )
}

function mac(salt: string, code: string): string {
  return createHmac('sha256', salt).update(code).digest('base64url')
}
