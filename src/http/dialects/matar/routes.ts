/** Matar's calls: what each takes and gives, and what it does. */
import type { Subject } from '../../../domain/identity.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import { problemManners } from '../../problem-response.ts'
import { receiptHeaderForms } from '../../receipt-headers.ts'
import type { ResponseForm } from '../../responses.ts'
import {
  anyJson,
  anyText,
  constant,
  either,
  fields,
  lenient,
  optional,
  orNull,
  text,
  type Schema,
} from '../../schema.ts'
import type { MatarActs, MatarTokens, SendOtp, SubmitOtp } from './act.ts'
import { demoCode, demoPhone } from './demo.ts'
import { readBearer } from './parse.ts'
import { flaskJson } from './flask-json.ts'

export const BASE_PATH = '/api/v1'

const route = routesWith({ ...problemManners, isBlankMissing: true, writeJson: flaskJson })
const security = [{ bearer: [] }]

/** @param language Of users who have none. */
export function matarRoutes(acts: MatarActs, language: string): readonly Route[] {
  return [loginRoute(acts), currentUserRoute(acts, language), refreshRoute(acts), logoutRoute(acts)]
}

function loginRoute(acts: MatarActs): Route {
  const who = { phone_number: demoPhone, name: 'Sri' }
  return route(
    {
      method: 'POST',
      path: `${BASE_PATH}/login`,
      summary: 'Send a one-time password, or log in with it',
      description: 'Two steps of one call, told apart by `action`. New phone numbers become users.',
      body: loginStep,
      bodyExamples: {
        send: { value: { ...who, action: 'send_otp' } },
        submit: { value: { ...who, action: 'submit_otp', otp: demoCode } },
      },
      responses: { 200: loggedIn, 400: badLogin, 429: limited, ...errors },
    },
    async (call) => {
      const tokens = await acts.login(call.body(), call.request)
      return call.json(200, tokens === undefined ? { message: 'sent otp' } : tokensOf(tokens))
    },
  )
}

function currentUserRoute(acts: MatarActs, language: string): Route {
  return route(
    {
      method: 'GET',
      path: `${BASE_PATH}/get_current_user`,
      alsoHead: true,
      summary: 'Who is logged in',
      description: 'The user of the access token; also tells whether the token is good.',
      security,
      responses: { 200: currentUser, 401: unauthorized, ...errors },
    },
    async (call) =>
      call.json(200, userOf(await acts.currentUser(readBearer(call.request)), language)),
  )
}

function refreshRoute(acts: MatarActs): Route {
  return route(
    {
      method: 'POST',
      path: `${BASE_PATH}/refresh`,
      summary: 'Get an access token for a refresh token',
      description:
        'The refresh token is the bearer. It is used up; the new access token is not fresh. ' +
        'A second use gets `token_revoked`.',
      security,
      responses: { 200: refreshed, 401: unauthorized, ...errors },
    },
    async (call) => call.json(200, tokensOf(await acts.refresh(readBearer(call.request)))),
  )
}

function logoutRoute(acts: MatarActs): Route {
  return route(
    {
      method: 'POST',
      path: `${BASE_PATH}/logout`,
      summary: 'Log out',
      description:
        'Ends the login of the access token: its refresh token and every other token of it.',
      security,
      responses: { 200: loggedOut, 401: unauthorized, ...errors },
    },
    async (call) => {
      const receipt = await acts.logout(readBearer(call.request), call.request)
      return call.json(200, { message: 'Successfully logged out' }, { receipt })
    },
  )
}

const who = {
  phone_number: text(
    1024,
    { description: 'Digits, country code first, no plus sign' },
    // At most 15 digits (ITU-T E.164).
    (value) => (/^[1-9]\d{6,14}$/.test(value) ? undefined : 'must be digits with a country code'),
  ),
  name: text(200, {}, (value) =>
    !value.isWellFormed() || /\p{Cc}/u.test(value) ? 'must be printable' : undefined,
  ),
}

const loginStep = either(
  lenient<SendOtp>({ ...who, action: constant('send_otp') }),
  lenient<SubmitOtp>({ ...who, action: constant('submit_otp'), otp: text(64) }),
)

const message = fields({ is_expired_otp: optional(constant(true)), message: anyText() })
const tokens = fields({ access_token: anyText(), refresh_token: optional(anyText()) })
const tokenError = fields({ description: anyText(), error: anyText() })

/** What an installation has written into a user's attributes is given as it stands. */
const user = fields({
  _id: anyText(),
  image_url: anyJson({ description: 'An address, or null' }),
  language: anyJson({ description: 'A tag, `hi-IN` say' }),
  name: anyText(),
  phone_number: orNull(anyText()),
  roles: anyJson({ description: 'Lists by name' }),
})

function tokensOf({ accessToken, refreshToken }: MatarTokens) {
  const access = { access_token: accessToken }
  return refreshToken === undefined ? access : { ...access, refresh_token: refreshToken }
}

function userOf({ id, name, phone, attributes }: Subject, language: string) {
  return {
    _id: id,
    image_url: attributes['image_url'] ?? null,
    language: attributes['language'] ?? language,
    name,
    phone_number: phone ?? null,
    roles: attributes['roles'] ?? { default: [] },
  }
}

function response<T>(
  description: string,
  schema: Schema<T>,
  examples: Readonly<Record<string, NoInfer<T>>> = {},
): ResponseForm<T> {
  const named = Object.entries(examples).map(([title, value]) => [title, { value }])
  return { description, schema, examples: Object.fromEntries(named) }
}

const jwt = 'eyJhbGciOiJFUzI1NiJ9…'
const loggedIn = response('Sent, or logged in', either(message, tokens), {
  sent: { message: 'sent otp' },
  in: { access_token: jwt, refresh_token: '0193…' },
})
const refreshed = response('A new access token', tokens, { token: { access_token: jwt } })
const currentUser = response('The user', user, {
  user: {
    _id: '39501T',
    image_url: null,
    language: 'hi-IN',
    name: 'Sri',
    phone_number: demoPhone,
    roles: { default: [] },
  },
})
const loggedOut = {
  ...response('Logged out', message, { out: { message: 'Successfully logged out' } }),
  headers: receiptHeaderForms,
}
const badLogin = response('A field or the one-time password is not right', message, {
  wrong: { message: 'Invalid OTP' },
  expired: { is_expired_otp: true, message: 'expired otp please try again' },
  field: { message: 'name is required' },
})
const unauthorized = response('The token is not accepted', tokenError, {
  token_revoked: { description: 'The token has been revoked.', error: 'token_revoked' },
  token_expired: { description: 'The token has expired.', error: 'token_expired' },
  invalid_token: { description: 'Signature verification failed.', error: 'invalid_token' },
  authorization_required: {
    description: 'Request does not contain an access token.',
    error: 'authorization_required',
  },
  fresh_token_required: { description: 'The token is not fresh.', error: 'fresh_token_required' },
})
const limited = response('Too many for this phone or address', tokenError, {
  limited: {
    description: 'Too many requests. Try again in 12 seconds.',
    error: 'too_many_requests',
  },
})
/** Answers that every call can have. */
const errors = {
  503: response('Nothing was stored; try again', message, {
    unavailable: { message: 'Service Unavailable' },
  }),
  default: response('Any other refusal', message),
}
