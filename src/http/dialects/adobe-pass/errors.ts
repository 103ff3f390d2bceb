/**
 * The errors of the API: status, message and, for enhanced errors, action and code. The words are
 * the vendor's where its pages show them [F]; its pages show none for logout.
 */

type Action =
  | 'none'
  | 'configuration'
  | 'application-registration'
  | 'authentication'
  | 'authorization'
  | 'retry'

export interface PassError {
  readonly status: number
  readonly message: string
  /** Where XML words it otherwise: the 404 is `Not found` there and `Not Found` in JSON. */
  readonly xmlMessage?: string
  /** Null is written in JSON and left out of XML, as the vendor's samples do. */
  readonly details?: string | null
  readonly action: Action
  readonly code: string
  readonly enhancedMessage: string
  /** `status` inside an enhanced body, where it differs from the answer's. */
  readonly enhancedStatus?: number
}

/** A `PassError` on its way to the answer. */
export class PassRefusal extends Error {
  override readonly name = 'PassRefusal'
  readonly error: PassError

  constructor(error: PassError) {
    super(error.code)
    this.error = error
  }
}

/** Throws the error; an expression, so that it can stand behind `??`. */
export function passRefuse(error: PassError): never {
  throw new PassRefusal(error)
}

const missingSession = {
  action: 'authentication',
  code: 'authentication_session_missing',
  enhancedMessage:
    'The authentication session associated with this request could not be retrieved. The user must re-authenticate with a supported MVPD in order to continue.',
} as const

const expiredSession = {
  action: 'authentication',
  code: 'authentication_session_expired',
  enhancedMessage:
    'The current authentication session has expired. The user must re-authenticate with a supported MVPD in order to continue.',
} as const

const noAuthorization = {
  action: 'authorization',
  code: 'authorization_not_found',
  enhancedMessage:
    'No authorization was found for the specified resource. The user must obtain a new authorization in order to continue.',
} as const

const denied = {
  action: 'none',
  code: 'authorization_denied_by_mvpd',
  enhancedMessage:
    'The MVPD has returned a "Deny" decision when requesting authorization for the specified resource.',
} as const

/** `checkauthn` of a device without a live AuthN token. */
export const authenticationExpired: PassError = {
  status: 403,
  message: 'Authentication token expired',
  ...missingSession,
}

/** `checkauthn/{code}` before the login, or after the logout. */
export const authenticationForbidden: PassError = {
  status: 403,
  message: 'Forbidden',
  ...missingSession,
}

/** `tokens/authn` without a token. */
export const authenticationNotFound: PassError = {
  status: 404,
  message: 'Not Found',
  xmlMessage: 'Not found',
  ...missingSession,
}

/** `tokens/authn` whose token has expired and is still remembered. */
export const authenticationGone: PassError = { status: 410, message: 'Gone', ...expiredSession }

/** Calls that need an AuthN token and answer 412 without one. */
export const notAuthenticated: PassError = {
  status: 412,
  message: 'User not authenticated',
  details: null,
  ...missingSession,
}

/** Calls that need an AuthN token and document nothing but 403. */
export const notAuthenticatedHere: PassError = { ...notAuthenticated, status: 403 }

/** `tokens/authz` without an authorization. */
export const authorizationNotFound: PassError = {
  status: 404,
  message: 'Not Found',
  xmlMessage: 'Not found',
  details: null,
  ...noAuthorization,
}

/** A media token for what was never authorized, or no longer is. */
export const mediaNotAuthorized: PassError = {
  status: 403,
  message: 'User not authorized',
  details: null,
  ...noAuthorization,
}

export const authorizationGone: PassError = {
  status: 410,
  message: 'Gone',
  details: null,
  action: 'authorization',
  code: 'authorization_expired',
  enhancedMessage:
    'The previous authorization for the specified resource has expired. The user must obtain a new authorization in order to continue.',
}

/** The provider said no, in words for the viewer. */
export function authorizationDenied(details: string): PassError {
  return { status: 403, message: 'User not authorized', details, ...denied }
}

export const tooManyResources: PassError = {
  status: 400,
  message: 'Too many resources',
  action: 'configuration',
  code: 'too_many_resources',
  enhancedStatus: 403,
  enhancedMessage:
    'The authorization or preauthorization request failed because too many resources were queried. Please contact support team to properly configure the authorization and preauthorization limitations.',
}

/** The requestor has no such provider, or the provider cannot do what is asked. */
export const unknownIntegration: PassError = {
  status: 400,
  message: 'Bad Request',
  action: 'configuration',
  code: 'unknown_integration',
  enhancedMessage:
    'The integration between the specified programmer and identity provider does not exist. Use the TVE Dashboard to create the required integration.',
}

/** There is no metadata. */
export const metadataNotFound: PassError = {
  ...authenticationNotFound,
  action: 'none',
  code: 'internal_error',
  enhancedMessage: 'The provider shared no metadata about this user.',
}

/** The registration code is unknown to that requestor, has expired or was deleted. */
export const registrationCodeUnknown: PassError = {
  status: 400,
  message: 'Bad Request',
  action: 'none',
  code: 'invalid_parameter_code',
  enhancedMessage: 'The code parameter value is missing or invalid.',
}
