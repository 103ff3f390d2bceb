/** The login with a one-time password: both steps behave alike for known and unknown phones. */
import { refuse } from '../../../domain/failure.ts'
import type { DialectContext } from '../../context.ts'
import type { DialectRequest } from '../../dialect.ts'
import { createRateLimit } from '../../rate-limit.ts'
import type { MatarActs } from './act.ts'
import type { MatarOptions } from './options.ts'
import type { LoginStep } from './parse.ts'
import { findOrSignUp } from './sign-up.ts'

/** The demo's phone and its code, which is printed in the documentation. */
const demoPhone = '919999900001'
const demoCode = '12345'

type Submit = Extract<LoginStep, { readonly action: 'submit_otp' }>

/** Makes the verb `login`; see `MatarActs`. */
export function createOtpLogin(
  context: DialectContext,
  options: MatarOptions,
  audience: string,
): MatarActs['login'] {
  const { core, clock, rateLimitFactor } = context
  const { store, random } = core.dependencies
  const sentPerAddress = createRateLimit(options.sentPerAddress, rateLimitFactor)
  const sentPerPhone = createRateLimit(options.sentPerPhone, rateLimitFactor)
  const triedPerAddress = createRateLimit(options.triedPerAddress, rateLimitFactor)
  const triedPerPhone = createRateLimit(options.triedPerPhone, rateLimitFactor)

  const send = async (phone: string, request: DialectRequest): Promise<undefined> => {
    await sentPerAddress.consume(request.clientAddress)
    await sentPerPhone.consume(phone)
    // Nobody looks up the phone here: whether it is known shows neither in answer nor in time.
    await core.sendOtp({
      dialect: 'matar',
      recipient: phone,
      to: phone,
      digits: options.otpDigits,
      lifetimeMs: options.otpLifetimeMs,
      ...(context.demo && phone === demoPhone ? { fixedCode: demoCode } : {}),
    })
  }

  const userOf = async ({ phone, name }: Submit) => {
    if (!options.signUp) return store.findSubject({ by: 'phone', value: phone })
    const { language } = options
    return findOrSignUp(store, random, { phone, name, language, nowMs: clock.nowMs() })
  }

  return async (step, request) => {
    if (step.action === 'send_otp') return send(step.phone, request)
    await triedPerAddress.consume(request.clientAddress)
    await triedPerPhone.consume(step.phone)
    await core.checkOtp({
      dialect: 'matar',
      recipient: step.phone,
      code: step.otp,
      mostAttempts: options.otpMostAttempts,
    })
    const subject = (await userOf(step)) ?? refuse({ kind: 'otp_invalid' })
    const issued = await core.openSession({
      subjectId: subject.id,
      clientId: options.clientId,
      dialect: 'matar',
      audience,
      accessLifetimeMs: options.accessLifetimeMs,
      refreshLifetimeMs: options.refreshLifetimeMs,
      sessionLifetimeMs: options.sessionLifetimeMs,
      claims: { fresh: true, type: 'access' },
      attributes: { address: request.clientAddress, ...userAgent(request) },
    })
    return { accessToken: issued.access.token, refreshToken: issued.refresh?.token }
  }
}

function userAgent(request: DialectRequest): { readonly userAgent?: string } {
  const header = request.header('user-agent')
  return header === undefined ? {} : { userAgent: header.slice(0, 256) }
}
