import type { Json } from '../../../domain/session.ts'

/** A TV provider: who logs viewers in and decides what they may watch. */
export interface Mvpd {
  /** `mso_id` on the wire. Letters, digits, `_`, `.`, `-`; at most 64 characters. */
  readonly id: string
  readonly displayName: string
  /** Address of an image for provider pickers. */
  readonly logoUrl?: string
  /**
   * The provider's login page: it gets `state`, `requestor` and `return`, and sends the browser
   * back to `return` with `state` and its `assertion` (see `login.ts`). Without it, nobody logs in
   * there.
   */
  readonly loginUrl?: string
  /** Where the provider is told whose sessions ended, however they did. Without it, nothing. */
  readonly logoutUrl?: string
  /** Shared with the provider: signs its assertions and our messages. At least 32 characters. */
  readonly secret: string
  /** Resources that the provider denies, each with the words that the viewer reads. */
  readonly deniedResources?: Readonly<Record<string, string>>
  /** Makes this a Temp Pass: a device gets one pass of this many milliseconds, without a login. */
  readonly temporaryPassMs?: number
  /** Shown to second screens of platforms that log in by themselves (platform SSO). */
  readonly platform?: PlatformSso
}

export interface PlatformSso {
  readonly boardingStatus: 'SUPPORTED' | 'PICKER'
  readonly displayInPlatformPicker: boolean
  readonly platformMappingId: string
  readonly requiredMetadataFields: readonly string[]
}

/** A statement that lets an application register itself (RFC 7591, section 2.3). */
export interface SoftwareStatement {
  /** Opaque here: compared whole, whatever its form. */
  readonly statement: string
  /** Requestors for which the application may act; the first is its default. */
  readonly requestors: readonly string[]
  /** False answers `unapproved_software_statement`. Default true. */
  readonly approved?: boolean
}

/** Keys of the signature header that clients sent before access tokens existed. */
export interface LegacyKey {
  readonly publicKey: string
  readonly secret: string
  readonly requestor: string
}

/** Who a platform's SAML response was found to be about. */
export interface PlatformProfile {
  readonly userId: string
  readonly metadata?: Readonly<Record<string, Json>>
}

export interface AdobePassOptions {
  /** Life of the access tokens of registered clients, milliseconds. Default 6 hours. */
  readonly accessLifetimeMs: number
  /** Life of an AuthN token: how long a device stays logged in, milliseconds. Default 30 days. */
  readonly authenticationLifetimeMs: number
  /** Life of an AuthZ token, milliseconds; never longer than its AuthN token. Default 24 hours. */
  readonly authorizationLifetimeMs: number
  /** Life of a media token, milliseconds. Default 7 minutes. */
  readonly mediaLifetimeMs: number
  /** Life of a registration code whose request names none, milliseconds. Default 30 minutes. */
  readonly registrationCodeLifetimeMs: number
  /** How long a login at the provider may take, milliseconds. Default 10 minutes. */
  readonly loginLifetimeMs: number
  /** Most resources in one preauthorization. Default 5. */
  readonly preauthorizedResources: number
  readonly mvpds: readonly Mvpd[]
  readonly softwareStatements: readonly SoftwareStatement[]
  /** The requestor of calls that name none, in no way. Default none: such calls are refused. */
  readonly defaultRequestor: string | undefined
  /**
   * True: calls need an access token (or a verified legacy signature). Default false: as in v1's
   * first years, requestor and device id suffice; a token that is sent must be good all the same.
   */
  readonly requireAccessToken: boolean
  /** True: what the vendor's tables call mandatory is mandatory. Default false: as its clients call. */
  readonly strict: boolean
  /**
   * Where given, a legacy signature header must verify. Default none: its requestor is taken as
   * said.
   */
  readonly legacyKeys: readonly LegacyKey[]
  /** The form of answers to calls that ask for none. Default `xml`. */
  readonly defaultFormat: 'xml' | 'json'
  /** True: errors carry action, code, help address and trace. Default false. */
  readonly enhancedErrors: boolean
  /** What enhanced errors give as `helpUrl`. */
  readonly helpUrl: string
  /** Counts a call by its clientless device type (`cdt`); at most 100 different types, then `Other`. */
  readonly countDevice: ((call: string, deviceType: string) => void) | undefined
  /** Checks a platform SSO response; undefined where no provider supports it. */
  readonly verifyPlatformProfile:
    ((mvpd: Mvpd, samlResponse: string) => Promise<PlatformProfile | undefined>) | undefined
}

const HOUR_MS = 3_600_000

/** The defaults; the demo adds its software statement and its requestor. */
export function withDefaults(demo: boolean, given: Partial<AdobePassOptions>): AdobePassOptions {
  const demoStatement = { statement: 'demo-software-statement', requestors: ['REF30'] }
  return {
    accessLifetimeMs: 6 * HOUR_MS,
    authenticationLifetimeMs: 30 * 24 * HOUR_MS,
    authorizationLifetimeMs: 24 * HOUR_MS,
    mediaLifetimeMs: 7 * 60_000,
    registrationCodeLifetimeMs: 30 * 60_000,
    loginLifetimeMs: 10 * 60_000,
    preauthorizedResources: 5,
    mvpds: [],
    softwareStatements: demo ? [demoStatement] : [],
    defaultRequestor: demo ? 'REF30' : undefined,
    requireAccessToken: false,
    strict: false,
    legacyKeys: [],
    defaultFormat: 'xml',
    enhancedErrors: false,
    helpUrl:
      'https://experienceleague.adobe.com/docs/pass/authentication/auth-features/error-reportn/enhanced-error-codes.html',
    countDevice: undefined,
    verifyPlatformProfile: undefined,
    ...given,
  }
}

const PROVIDER_ID = /^[\w.-]{1,64}$/

/**
 * Refuses options that would break a promise, at the start and by name.
 *
 * @throws {TypeError} `Cannot use Adobe Pass option …`
 */
export function checkOptions(options: AdobePassOptions): void {
  for (const { id, secret } of options.mvpds) {
    if (!PROVIDER_ID.test(id)) {
      throw new TypeError(`Cannot use Adobe Pass option "mvpds": "${id}" is no provider id`)
    }
    if (secret.length < 32) {
      throw new TypeError(
        `Cannot use Adobe Pass option "mvpds": the secret of "${id}" has fewer than 32 characters`,
      )
    }
  }
}
