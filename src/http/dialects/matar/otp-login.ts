/** The login with a one-time password: both steps behave alike for known and unknown phones. */
import { cameFrom } from '../../came-from.ts'
import { refuse } from '../../../domain/failure.ts'
import type { SurfaceContext } from '../../context.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { createGuessLimit } from '../../guess-limit.ts'
import { addressBlock } from '../../rate-limit.ts'
import type { MatarActs, SubmitOtp } from './act.ts'
import type { MatarSettings } from './options.ts'
import { findOrSignUp } from './sign-up.ts'
import { demoCode, demoPhone } from './demo.ts'

/**
 * How many times the limit of one address all unknown addresses have together. Few messages, which
 * disturb the phone's owner; who owns the phone can log in with any that arrives.
 */
const SENT_FOR_STRANGERS = 2
const TRIED_BY_STRANGERS = 10

/** Makes the verb `login`; see `MatarActs`. */
export function createOtpLogin(
  context: SurfaceContext,
  options: MatarSettings,
  audience: string,
): MatarActs['login'] {
  const { core, clock, random, rateLimitFactor } = context
  const sent = createGuessLimit({
    core,
    dialect: 'matar',
    perAddress: options.sentPerAddress,
    perAccount: options.sentPerPhone,
    strangersFactor: SENT_FOR_STRANGERS,
    rateLimitFactor,
    clock,
  })
  const tried = createGuessLimit({
    core,
    dialect: 'matar',
    perAddress: options.triedPerAddress,
    perAccount: options.triedPerPhone,
    strangersFactor: TRIED_BY_STRANGERS,
    rateLimitFactor,
    clock,
  })

  const send = async (phone: string, request: SurfaceRequest): Promise<undefined> => {
    await sent.consume(phone, request.clientAddress)
    // The phone is not looked up here: whether it is known shows neither in the answer nor in its
    // time.
    await core.sendOtp({
      dialect: 'matar',
      recipient: phone,
      to: phone,
      address: addressBlock(request.clientAddress),
      digits: options.otpDigits,
      lifetimeMs: options.otpLifetimeMs,
      ...(context.demo && phone === demoPhone ? { fixedCode: demoCode } : {}),
    })
  }

  const userOf = async ({ phone_number: phone, name }: SubmitOtp) => {
    if (!options.signUp) return core.subjects.find({ by: 'phone', value: phone })
    const { language } = options
    return findOrSignUp(core.subjects, random, { phone, name, language, nowMs: clock.nowMs() })
  }

  return async (step, request) => {
    const phone = step.phone_number
    if (step.action === 'send_otp') return send(phone, request)
    await tried.consume(phone, request.clientAddress)
    await core.checkOtp({
      dialect: 'matar',
      recipient: phone,
      code: step.otp,
      address: addressBlock(request.clientAddress),
      maxAttempts: options.otpMostAttempts,
    })
    await tried.succeeded(phone, request.clientAddress)
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
      attributes: { ...cameFrom(request) },
    })
    return { accessToken: issued.access.token, refreshToken: issued.refresh?.token }
  }
}
