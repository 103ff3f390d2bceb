/** Baanx's calls as OpenAPI 3.1 operations. */

type Operation = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const nullableText = { type: ['string', 'null'] }
const boolean = { type: 'boolean' }
const integer = { type: 'integer' }

const clientKey = {
  name: 'x-client-key',
  in: 'header',
  required: true,
  description: 'The public key of the application',
  schema: text,
  example: 'baanx-demo-key',
}
const usEnvironment = {
  name: 'x-us-env',
  in: 'header',
  description: 'Accepted and recorded; there is one environment',
  schema: text,
}
const headers = [clientKey, usEnvironment]

function object(properties: Readonly<Record<string, object>>, required?: string[]): Operation {
  return { type: 'object', required: required ?? Object.keys(properties), properties }
}

function json(description: string, schema: object, example: unknown): Operation {
  return { description, content: { 'application/json': { schema, example } } }
}

const message = (description: string, words: string): Operation =>
  json(description, object({ message: text }), { message: words })

const oauthError = (error: string, error_description?: string): Operation =>
  json(
    'The request is refused (RFC 6749, section 5.2)',
    object({ error: text, error_description: text }, ['error']),
    { error, ...(error_description === undefined ? {} : { error_description }) },
  )

const tooMany = {
  ...message('Too many calls', 'Too many requests, please try again later.'),
  headers: { 'Retry-After': { description: 'Seconds', schema: integer } },
}

const keyErrors = {
  498: message('Nobody has this client key', 'Invalid Token'),
  499: message('No client key', 'Token Required'),
}
const serverErrors = {
  500: message('Something went wrong', 'Internal Server Error'),
  503: message('Nothing was stored, or this node is not current', 'Service Unavailable'),
}
const unauthorized = message('No bearer, or not one that is alive', 'Unauthorized')
const validationError = json(
  'A field is missing or of the wrong form',
  object({ message: text, errors: { type: 'array', items: text } }),
  { message: 'Validation Error', errors: ['email is required'] },
)

const success = json('Done', object({ success: { const: true } }), { success: true })

function body(schema: object, examples: Readonly<Record<string, unknown>>): Operation {
  const named = Object.fromEntries(
    Object.entries(examples).map(([name, value]) => [name, { value }]),
  )
  return { required: true, content: { 'application/json': { schema, examples: named } } }
}

const bearer = [{ bearer: [] }]

const login: Operation = {
  summary: 'Log in with e-mail address and password',
  description:
    'Answers 200 even where the login is not complete: with `isOtpRequired`, ask for a one-time ' +
    'password and repeat the call with `otpCode`; with `phase` and no token, onboarding is not done.',
  security: [],
  parameters: headers,
  requestBody: body(
    object({ email: text, password: text, otpCode: { type: 'string', pattern: '^[0-9]{6}$' } }, [
      'email',
      'password',
    ]),
    { password: { email: 'demo@example.com', password: 'demo-password' } },
  ),
  responses: {
    200: json(
      'The password was right',
      object({
        accessToken: nullableText,
        userId: text,
        isOtpRequired: boolean,
        phoneNumber: nullableText,
        phase: nullableText,
        verificationState: text,
        isLinked: boolean,
      }),
      {
        accessToken: 'eyJhbGciOiJFUzI1NiJ9…',
        userId: 'baanx-demo-user',
        isOtpRequired: false,
        phoneNumber: '+445*****225',
        phase: null,
        verificationState: 'VERIFIED',
        isLinked: false,
      },
    ),
    400: message('Wrong e-mail address, password or one-time password', 'Invalid Credentials'),
    403: message(
      'Disabled, or locked after too many failures',
      'Too many failed attempts. Your account is temporarily locked.',
    ),
    422: validationError,
    429: tooMany,
    ...keyErrors,
    ...serverErrors,
  },
}

const loginOtp: Operation = {
  summary: 'Send a one-time password',
  description: 'Looks the same for people who do not exist or need none.',
  security: [],
  parameters: headers,
  requestBody: body(object({ userId: text }), { user: { userId: 'baanx-otp-user' } }),
  responses: { 200: success, 422: validationError, 429: tooMany, ...keyErrors, ...serverErrors },
}

const user: Operation = {
  summary: 'The person of the bearer',
  description: 'Also the way to see whether a token is alive.',
  security: bearer,
  parameters: headers,
  responses: {
    200: json(
      'The profile',
      object({
        id: text,
        email: nullableText,
        phoneNumber: nullableText,
        phase: nullableText,
        verificationState: text,
        isLinked: boolean,
      }),
      {
        id: 'baanx-demo-user',
        email: 'demo@example.com',
        phoneNumber: null,
        phase: null,
        verificationState: 'VERIFIED',
        isLinked: false,
      },
    ),
    401: unauthorized,
    ...keyErrors,
    ...serverErrors,
  },
}

const logout: Operation = {
  summary: 'Log out: end the session of the bearer',
  description:
    'Ends the access token and, for an OAuth token, the refresh token beside it, before it answers. ' +
    '`Prefer: respond-async` answers as soon as the logout is stored.',
  security: bearer,
  parameters: headers,
  responses: { 200: success, 401: unauthorized, ...keyErrors, ...serverErrors },
}

const query = (name: string, example: string, required = true): Operation => ({
  name,
  in: 'query',
  required,
  schema: text,
  example,
})

const initiate: Operation = {
  summary: 'Begin an authorization (RFC 6749, section 4.1.1; RFC 7636)',
  description:
    'Redirects the browser to the login page; with `mode=api` names the page instead. A browser that ' +
    'cannot set headers may send the client key as the query parameter `client_key`.',
  security: [],
  parameters: [
    ...headers,
    query('response_type', 'code'),
    query('client_id', 'baanx-demo-oauth'),
    query('redirect_uri', 'http://127.0.0.1:8080/demo/callback'),
    query('state', 'af0ifjsldkj'),
    query('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'),
    query('code_challenge_method', 'S256'),
    query('mode', 'api', false),
  ],
  responses: {
    200: json('With `mode=api`', object({ token: text, url: text }), {
      token: 'q83vEjRW…',
      url: 'https://auth.example/v1/auth/oauth/authorize/page?token=q83vEjRW…',
    }),
    302: { description: 'To the login page' },
    400: oauthError('invalid_request', 'Missing required parameter: code_challenge'),
    429: tooMany,
    ...keyErrors,
    ...serverErrors,
  },
}

const authorize: Operation = {
  summary: 'Consent, for a person who is logged in',
  description: 'The bearer is the token of a login. Issues a code, good for one use.',
  security: bearer,
  parameters: headers,
  requestBody: body(object({ token: text }), { session: { token: 'q83vEjRW…' } }),
  responses: {
    200: json('The code', object({ url: text, code: text, state: text }), {
      url: 'http://127.0.0.1:8080/demo/callback?code=SplxlOBe…&state=af0ifjsldkj',
      code: 'SplxlOBe…',
      state: 'af0ifjsldkj',
    }),
    400: oauthError('invalid_request', 'Missing required parameter: token'),
    401: unauthorized,
    ...keyErrors,
    ...serverErrors,
  },
}

const tokenFields = object(
  {
    grant_type: { enum: ['authorization_code', 'refresh_token'] },
    code: text,
    redirect_uri: text,
    code_verifier: text,
    refresh_token: text,
  },
  ['grant_type'],
)

const token: Operation = {
  summary: 'Exchange a code or a refresh token',
  description:
    'JSON or form. A refresh token is used up; the same one again within ten seconds gets the same ' +
    'pair, later it ends the session. On the `oauth2` path `redirect_uri` may be left out.',
  security: [],
  parameters: headers,
  requestBody: body(tokenFields, {
    code: {
      grant_type: 'authorization_code',
      code: 'SplxlOBe…',
      redirect_uri: 'http://127.0.0.1:8080/demo/callback',
      code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    },
    refresh: { grant_type: 'refresh_token', refresh_token: 'AZqDV0r2c3Sx…' },
  }),
  responses: {
    200: json(
      'The pair',
      object({
        access_token: text,
        expires_in: integer,
        refresh_token: text,
        refresh_token_expires_in: integer,
      }),
      {
        access_token: 'eyJhbGciOiJFUzI1NiJ9…',
        expires_in: 21_600,
        refresh_token: 'AZqDV0r2c3Sx…',
        refresh_token_expires_in: 15_897_600,
      },
    ),
    400: oauthError('invalid_grant'),
    ...keyErrors,
    ...serverErrors,
  },
}

const revokeGrants: Operation = {
  summary: 'End every token of an OAuth client for this person',
  description:
    'With the token of a login, does so for every OAuth client of the application. The login stays.',
  security: bearer,
  parameters: headers,
  responses: { 200: success, 401: unauthorized, ...keyErrors, ...serverErrors },
}

const revokeToken: Operation = {
  summary: 'End one access or refresh token and its sibling (RFC 7009)',
  description: 'JSON or form, without a bearer. A token that is not known is answered with 200.',
  security: [],
  parameters: headers,
  requestBody: body(
    object({ token: text, token_hint: { enum: ['access_token', 'refresh_token'] } }, ['token']),
    { refresh: { token: 'AZqDV0r2c3Sx…', token_hint: 'refresh_token' } },
  ),
  responses: {
    200: success,
    400: oauthError('invalid_request', 'Missing required parameter: token'),
    ...keyErrors,
    ...serverErrors,
  },
}

const html = (description: string): Operation => ({
  description,
  content: { 'text/html': { schema: text } },
})

const showPage: Operation = {
  summary: 'The login and consent page',
  security: [],
  parameters: [query('token', 'q83vEjRW…')],
  responses: { 200: html('The form'), 404: html('The authorization is over') },
}

const submitPage: Operation = {
  summary: 'The form of the login and consent page',
  security: [],
  requestBody: {
    required: true,
    content: {
      'application/x-www-form-urlencoded': {
        schema: object(
          {
            token: text,
            decision: { enum: ['allow', 'deny'] },
            email: text,
            password: text,
            step: text,
            otpCode: text,
          },
          ['token', 'decision'],
        ),
      },
    },
  },
  responses: {
    200: html('A one-time password is needed'),
    303: { description: 'Back to the client, with a code or an error' },
    400: html('Wrong credentials'),
    403: html('Locked, disabled, or sent from another site'),
    404: html('The authorization is over'),
    422: html('A field is missing'),
    429: html('Too many calls'),
  },
}

export type OperationName =
  | 'login'
  | 'loginOtp'
  | 'user'
  | 'logout'
  | 'initiate'
  | 'authorize'
  | 'token'
  | 'revokeGrants'
  | 'revokeToken'
  | 'showPage'
  | 'submitPage'

/** By the name of the call. */
export const operations: Readonly<Record<OperationName, Operation>> = {
  login,
  loginOtp,
  user,
  logout,
  initiate,
  authorize,
  token,
  revokeGrants,
  revokeToken,
  showPage,
  submitPage,
}
