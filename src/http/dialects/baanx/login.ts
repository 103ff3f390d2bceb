/** Logins with e-mail address, password and, where the account asks for it, a one-time password. */
import { cameFrom } from '../../came-from.ts'
import { Refusal } from '../../../domain/failure.ts'
import { normalIdentifier } from '../../../domain/identifiers.ts'
import type { Client, Subject } from '../../../domain/identity.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { addressBlock } from '../../rate-limit.ts'
import { asksForUs } from './parse.ts'
import { BAANX, type BaanxService } from './service.ts'

/** Wrong codes after which a one-time password is void. */
const MAX_OTP_ATTEMPTS = 5
const SIGNING_MARGIN_MS = 60_000

export interface LoginCommand {
  readonly email: string
  readonly password: string
  readonly otpCode?: string | null
}

export type Authentication =
  | { readonly kind: 'authenticated'; readonly subject: Subject }
  /** The password was right; a one-time password is needed as well. */
  | { readonly kind: 'otp_required'; readonly subject: Subject }
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number }

/**
 * Identifies a person by their credentials.
 *
 * @throws {Refusal} `rate_limited`, `credentials_invalid`, `account_disabled`, `otp_invalid`,
 *   `otp_expired`.
 */
export async function authenticate(
  service: BaanxService,
  command: LoginCommand,
  address: string,
): Promise<Authentication> {
  const { email, password, otpCode = null } = command
  const account = accountOf(email)
  await service.limits.logins.consume(account, address)
  return unlessLocked(service, account, address, async () => {
    const subject = await service.core.authenticateSubject({ by: 'email', value: email }, password)
    if (asksForOtp(subject)) {
      if (otpCode === null) return { kind: 'otp_required', subject }
      await checkCode(service, subject, otpCode, address)
    }
    await service.limits.logins.succeeded(account, address)
    return { kind: 'authenticated', subject }
  })
}

/**
 * Checks the one-time password alone, for a person whose password was right a moment ago.
 *
 * @throws {Refusal} `otp_invalid`, `otp_expired`.
 */
export async function authenticateByOtp(
  service: BaanxService,
  subject: Subject,
  otpCode: string,
  address: string,
): Promise<Authentication> {
  const account = accountOf(subject.email ?? subject.id)
  return unlessLocked(service, account, address, async () => {
    await checkCode(service, subject, otpCode, address)
    await service.limits.logins.succeeded(account, address)
    return { kind: 'authenticated', subject }
  })
}

async function checkCode(
  service: BaanxService,
  subject: Subject,
  code: string,
  address: string,
): Promise<void> {
  await service.core.checkOtp({
    dialect: BAANX,
    recipient: subject.id,
    code,
    address: addressBlock(address),
    account: accountOf(subject.email ?? subject.id),
    maxAttempts: MAX_OTP_ATTEMPTS,
  })
}

async function unlessLocked(
  { core, settings }: BaanxService,
  account: string,
  address: string,
  check: () => Promise<Authentication>,
): Promise<Authentication> {
  const { lockout } = core
  const place = { dialect: BAANX, account, address: addressBlock(address) }
  const retryAfterSeconds = await lockout.leftSeconds(place)
  if (retryAfterSeconds !== undefined) return { kind: 'locked', retryAfterSeconds }
  try {
    const authentication = await check()
    // Failures stay counted without the code: who knows the password may not start the count anew.
    if (authentication.kind === 'authenticated') await lockout.forgive(place)
    return authentication
  } catch (error) {
    if (error instanceof Refusal && isGuess(error)) {
      const { lockAfterFailures, lockMs } = settings
      await lockout.countFailure(place, { afterFailures: lockAfterFailures, lockMs })
    }
    throw error
  }
}

/** One account, however its address is written. */
function accountOf(email: string): string {
  return normalIdentifier('email', email) ?? email
}

function isGuess({ failure }: Refusal): boolean {
  return failure.kind === 'credentials_invalid' || failure.kind === 'otp_invalid'
}

/** What a login came to. Only `accessToken` tells whether the person is in. */
export type LoginOutcome =
  | {
      readonly kind: 'answered'
      readonly subject: Subject
      readonly accessToken: string | null
      readonly isOtpRequired: boolean
    }
  | { readonly kind: 'locked'; readonly retryAfterSeconds: number }

/**
 * `POST /v1/auth/login`.
 *
 * @throws {Refusal} As `authenticate` does.
 */
export async function login(
  service: BaanxService,
  caller: Client,
  command: LoginCommand,
  request: SurfaceRequest,
): Promise<LoginOutcome> {
  const authentication = await authenticate(service, command, request.clientAddress)
  switch (authentication.kind) {
    case 'locked':
      return authentication
    case 'otp_required':
      return {
        kind: 'answered',
        subject: authentication.subject,
        accessToken: null,
        isOtpRequired: true,
      }
    case 'authenticated': {
      const { subject } = authentication
      const accessToken = mayEnter(subject)
        ? await openLogin(service, caller, subject, request)
        : null
      return { kind: 'answered', subject, accessToken, isOtpRequired: false }
    }
  }
}

async function openLogin(
  service: BaanxService,
  caller: Client,
  subject: Subject,
  request: SurfaceRequest,
): Promise<string> {
  const { accessLifetimeMs } = service.settings
  const { access } = await service.core.openSession({
    subjectId: subject.id,
    provedBy: subject,
    clientId: caller.id,
    dialect: BAANX,
    audience: BAANX,
    accessLifetimeMs,
    // Its token is signed a moment later and is to have its whole life.
    sessionLifetimeMs: accessLifetimeMs + SIGNING_MARGIN_MS,
    attributes: sessionAttributes(request),
  })
  return access.token
}

/** What people see of a session in a list of theirs. */
export function sessionAttributes(request: SurfaceRequest): Record<string, string> {
  return {
    ...cameFrom(request),
    ...(asksForUs(request) ? { region: 'us' } : {}),
  }
}

/**
 * `POST /v1/auth/login/otp`: sends a one-time password to a person whose logins ask for one. For
 * all others it does nothing and looks the same.
 *
 * @throws {Refusal} `rate_limited`; `internal` where the sender did not take it.
 */
export async function sendLoginOtp(
  service: BaanxService,
  userId: string,
  address: string,
): Promise<void> {
  const { core, settings, context } = service
  await service.limits.otps.consume(userId, address)
  const subject = await core.subjects.find({ by: 'id', value: userId })
  if (subject?.phone === undefined || subject.status === 'disabled' || !asksForOtp(subject)) return
  await core.sendOtp({
    dialect: BAANX,
    recipient: subject.id,
    to: subject.phone,
    address: addressBlock(address),
    digits: 6,
    lifetimeMs: settings.otpLifetimeMs,
    ...(context.demo && subject.attributes['demo'] === true ? { fixedCode: '123456' } : {}),
  })
}

function asksForOtp(subject: Subject): boolean {
  return subject.attributes['otpRequired'] === true
}

/**
 * A phase is a step of an unfinished onboarding; only those who are let in before its end get a
 * token.
 */
export function mayEnter(subject: Subject): boolean {
  const { phase, tokenWhileOnboarding } = subject.attributes
  return phase === undefined || phase === null || tokenWhileOnboarding === true
}
