/** Matar's calls as OpenAPI 3.1 operations. */

type Operation = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const jwt = 'eyJhbGciOiJFUzI1NiJ9…'

const messageSchema = { type: 'object', required: ['message'], properties: { message: text } }
const tokenErrorSchema = {
  type: 'object',
  required: ['description', 'error'],
  properties: { description: text, error: text },
}

function json(description: string, schema: object, examples: Operation): Operation {
  const named = Object.fromEntries(
    Object.entries(examples).map(([name, value]) => [name, { value }]),
  )
  return { description, content: { 'application/json': { schema, examples: named } } }
}

const unauthorized = json('The token is not accepted', tokenErrorSchema, {
  token_revoked: { description: 'The token has been revoked.', error: 'token_revoked' },
  token_expired: { description: 'The token has expired.', error: 'token_expired' },
  invalid_token: { description: 'Signature verification failed.', error: 'invalid_token' },
  authorization_required: {
    description: 'Request does not contain an access token.',
    error: 'authorization_required',
  },
  fresh_token_required: { description: 'The token is not fresh.', error: 'fresh_token_required' },
})

const receiptHeaders = {
  'Outright-Revocation': { description: 'Id of the revocation', schema: text },
  'Outright-Confirmed': { description: 'Verifiers that confirmed, of all', schema: text },
}

const unavailable = json('Nothing was stored; try again', messageSchema, {
  unavailable: { message: 'Service Unavailable' },
})

const tokenSchema = {
  type: 'object',
  required: ['access_token'],
  properties: { access_token: text, refresh_token: text },
}

export const loginOperation: Operation = {
  summary: 'Send a one-time password, or log in with it',
  description: 'Two steps of one call, told apart by `action`. New phone numbers become users.',
  security: [],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['phone_number', 'name', 'action'],
          properties: {
            phone_number: { ...text, description: 'Digits, country code first, no plus sign' },
            name: text,
            action: { enum: ['send_otp', 'submit_otp'] },
            otp: { ...text, description: 'Required by submit_otp' },
          },
        },
        examples: {
          send: { value: { phone_number: '919999900001', name: 'Sri', action: 'send_otp' } },
          submit: {
            value: {
              phone_number: '919999900001',
              name: 'Sri',
              action: 'submit_otp',
              otp: '12345',
            },
          },
        },
      },
    },
  },
  responses: {
    200: json(
      'Sent, or logged in',
      { oneOf: [messageSchema, tokenSchema] },
      {
        sent: { message: 'sent otp' },
        in: { access_token: jwt, refresh_token: '0193…' },
      },
    ),
    400: json('A field or the one-time password is not right', messageSchema, {
      wrong: { message: 'Invalid OTP' },
      expired: { is_expired_otp: true, message: 'expired otp please try again' },
      field: { message: 'name is required' },
    }),
    429: json('Too many for this phone or address', tokenErrorSchema, {
      limited: {
        description: 'Too many requests. Try again in 12 seconds.',
        error: 'too_many_requests',
      },
    }),
    503: unavailable,
  },
}

export const currentUserOperation: Operation = {
  summary: 'Who is logged in',
  description: 'The user of the access token; also tells whether the token is good.',
  security: [{ bearer: [] }],
  responses: {
    200: json(
      'The user',
      {
        type: 'object',
        required: ['_id', 'image_url', 'language', 'name', 'phone_number', 'roles'],
        properties: {
          _id: text,
          image_url: { type: ['string', 'null'] },
          language: text,
          name: text,
          phone_number: { type: ['string', 'null'] },
          roles: { type: 'object' },
        },
      },
      {
        user: {
          _id: '39501T',
          image_url: null,
          language: 'hi-IN',
          name: 'Sri',
          phone_number: '919999900001',
          roles: { default: [] },
        },
      },
    ),
    401: unauthorized,
  },
}

export const refreshOperation: Operation = {
  summary: 'Get an access token for a refresh token',
  description:
    'The refresh token is the bearer. It is used up; the new access token is not fresh. ' +
    'A second use gets `token_revoked`.',
  security: [{ bearer: [] }],
  responses: {
    200: json('A new access token', tokenSchema, { token: { access_token: jwt } }),
    401: unauthorized,
    503: unavailable,
  },
}

export const logoutOperation: Operation = {
  summary: 'Log out',
  description: 'Ends the login of the access token: its refresh token and every other token of it.',
  security: [{ bearer: [] }],
  responses: {
    200: {
      ...json('Logged out', messageSchema, { out: { message: 'Successfully logged out' } }),
      headers: receiptHeaders,
    },
    401: unauthorized,
    503: unavailable,
  },
}
