/**
 * The calls of a person who logs in with a password. The order is: client key, then bearer, then
 * body.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Subject } from '../../../domain/identity.ts'
import type { Route } from '../../surface.ts'
import { anyJson, anyText, fields, flag, lenient, optional, orNull, text } from '../../schema.ts'
import { admit, admitForLogout, findCaller } from './caller.ts'
import { login, sendLoginOtp, type LoginCommand } from './login.ts'
import { logout } from './logout.ts'
import { isSixDigits, readBearer } from './parse.ts'
import { lockedMessage, maskPhone } from './render.ts'
import type { BaanxService } from './service.ts'
import {
  clientHeaders as headers,
  ended,
  errors,
  message,
  route,
  success,
  tooMany,
  unauthorized,
  validationError,
} from './wire.ts'

export function loginRoutes(service: BaanxService): readonly Route[] {
  return [loginRoute(service), otpRoute(service), userRoute(service), logoutRoute(service)]
}

function loginRoute(service: BaanxService): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/auth/login',
      summary: 'Log in with e-mail address and password',
      description:
        'Answers 200 even where the login is not complete: with `isOtpRequired`, ask for a one-time ' +
        'password and repeat the call with `otpCode`; with `phase` and no token, onboarding is not done.',
      headers,
      body: lenient<LoginCommand>({
        email: text(320),
        password: text(1024),
        otpCode: optional(orNull(text(1024, { description: 'Six digits' }, isSixDigits))),
      }),
      bodyExample: { email: 'demo@example.com', password: 'demo-password' },
      responses: {
        200: {
          description: 'The password was right',
          schema: fields({
            accessToken: orNull(anyText()),
            userId: anyText(),
            isOtpRequired: flag({}),
            ...profile,
          }),
          example: {
            accessToken: 'eyJhbGciOiJFUzI1NiJ9…',
            userId: 'baanx-demo-user',
            isOtpRequired: false,
            ...exampleProfile,
          },
        },
        400: message('Wrong e-mail address, password or one-time password', 'Invalid Credentials'),
        403: message('Disabled, or locked after too many failures', lockedMessage),
        422: validationError,
        429: tooMany,
        ...errors,
      },
    },
    async (call) => {
      const caller = await findCaller(service, call.header('x-client-key'))
      const outcome = await login(service, caller, call.body(), call.request)
      if (outcome.kind === 'locked') {
        const retry = { 'retry-after': String(outcome.retryAfterSeconds) }
        return call.json(403, { message: lockedMessage }, { headers: retry })
      }
      const { subject, accessToken, isOtpRequired } = outcome
      const { phoneNumber, phase, ...rest } = profileOf(subject)
      return call.json(200, {
        accessToken,
        userId: subject.id,
        isOtpRequired,
        phoneNumber,
        phase: isOtpRequired ? null : phase,
        ...rest,
      })
    },
  )
}

function otpRoute(service: BaanxService): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/auth/login/otp',
      summary: 'Send a one-time password',
      description: 'Looks the same for people who do not exist or need none.',
      headers,
      body: fields({ userId: text(128) }),
      bodyExample: { userId: 'baanx-otp-user' },
      responses: { 200: success, 422: validationError, 429: tooMany, ...errors },
    },
    async (call) => {
      await findCaller(service, call.header('x-client-key'))
      await sendLoginOtp(service, call.body('userId'), call.request.clientAddress)
      return call.json(200, { success: true })
    },
  )
}

function userRoute(service: BaanxService): Route {
  return route(
    {
      method: 'GET',
      path: '/v1/user',
      alsoHead: true,
      summary: 'The person of the bearer',
      description: 'Also the way to see whether a token is alive.',
      security: [{ bearer: [] }],
      headers,
      responses: {
        200: {
          description: 'The profile',
          schema: fields({ id: anyText(), email: orNull(anyText()), ...profile }),
          example: { id: 'baanx-demo-user', email: 'demo@example.com', ...exampleProfile },
        },
        401: unauthorized,
        ...errors,
      },
    },
    async (call) => {
      const caller = await findCaller(service, call.header('x-client-key'))
      const { claims } = await admit(service, caller, readBearer(call.request))
      const subject = await service.core.subjects.find({ by: 'id', value: claims.sub })
      if (subject === undefined || subject.status === 'disabled') {
        return refuse({ kind: 'token_invalid', reason: 'its subject is gone or disabled' })
      }
      const { id, email = null } = subject
      return call.json(200, { id, email, ...profileOf(subject) })
    },
  )
}

function logoutRoute(service: BaanxService): Route {
  return route(
    {
      method: 'POST',
      path: '/v1/auth/logout',
      summary: 'Log out: end the session of the bearer',
      description:
        'Ends the access token and, for an OAuth token, the refresh token beside it, before it answers. ' +
        '`Prefer: respond-async` answers as soon as the logout is stored.',
      security: [{ bearer: [] }],
      headers,
      responses: { 200: ended, 401: unauthorized, ...errors },
    },
    async (call) => {
      const caller = await findCaller(service, call.header('x-client-key'))
      const { waitForConfirmation: wait } = call.request
      const bearer = await admitForLogout(service, caller, readBearer(call.request), wait)
      return call.json(200, { success: true }, { receipt: await logout(service, bearer, wait) })
    },
  )
}

/**
 * How far a person has come. What an installation has written into attributes is given as it
 * stands.
 */
const profile = {
  phoneNumber: orNull(anyText()),
  phase: anyJson({ description: 'A step of an unfinished onboarding; null after it' }),
  verificationState: anyJson({ description: '`VERIFIED` or another state' }),
  isLinked: flag({}),
}

const exampleProfile = {
  phoneNumber: '+445*****225',
  phase: null,
  verificationState: 'VERIFIED',
  isLinked: false,
}

function profileOf({ phone, attributes }: Subject) {
  return {
    phoneNumber: maskPhone(phone),
    phase: attributes['phase'] ?? null,
    verificationState: attributes['verificationState'] ?? 'UNVERIFIED',
    isLinked: attributes['isLinked'] === true,
  }
}
