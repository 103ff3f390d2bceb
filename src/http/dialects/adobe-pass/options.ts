import type { MvpdLogout } from '../../../domain/mvpd-logout.ts'
import type { Json } from '../../../domain/session.ts'
import { settingsOf } from '../../../settings/read.ts'
import {
  choice,
  dictionary,
  duration,
  flag,
  group,
  hook,
  httpUrl,
  integer,
  lifetime,
  list,
  optional,
  text,
  type Given,
  type Group,
  type Setting,
} from '../../../settings/schema.ts'
import { mvpdLogoutSetting } from './logout-options.ts'

/** A TV provider: who logs viewers in and decides what they may watch. */
export interface Mvpd {
  readonly id: string
  readonly displayName: string
  readonly logoUrl?: string
  readonly loginUrl?: string
  readonly logout?: MvpdLogout
  readonly secret: string
  readonly deniedResources?: Readonly<Record<string, string>>
  readonly temporaryPassMs?: number
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
  readonly statement: string
  readonly requestors: readonly string[]
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
  /** Claims from which the provider's logout is made, where its `logout` names any. */
  readonly claims?: Readonly<Record<string, Json>>
}

/** What an installation may choose; what each does is written in the schema below. */
export interface AdobePassOptions {
  readonly accessLifetimeMs: number
  readonly authenticationLifetimeMs: number
  readonly authorizationLifetimeMs: number
  readonly mediaLifetimeMs: number
  readonly registrationCodeLifetimeMs: number
  readonly loginLifetimeMs: number
  readonly preauthorizedResources: number
  readonly mvpds?: readonly Mvpd[]
  readonly softwareStatements: readonly SoftwareStatement[]
  readonly defaultRequestor?: string
  readonly requireAccessToken: boolean
  readonly strict: boolean
  readonly legacyKeys: readonly LegacyKey[]
  readonly defaultFormat: 'xml' | 'json'
  readonly enhancedErrors: boolean
  readonly helpUrl: string
  readonly countDevice?: (call: string, deviceType: string) => void
  readonly verifyPlatformProfile?: (
    mvpd: Mvpd,
    samlResponse: string,
  ) => Promise<PlatformProfile | undefined>
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

const requestor: Setting<string> = text({ description: 'id of a requestor', maxLength: 255 })

export const mvpdSchema: Group<Mvpd> = group<Mvpd>({
  id: text({
    description: '`mso_id` on the wire',
    pattern: String.raw`^[\w.-]{1,64}$`,
    allowed: '1 to 64 letters, digits, `_`, `.`, `-`',
  }),
  displayName: text({ description: 'what viewers read' }),
  logoUrl: optional(httpUrl({ description: 'an image for provider pickers' })),
  loginUrl: optional(
    httpUrl({
      description:
        'its login page: gets `state`, `requestor` and `return`; without it there is no login at that provider',
    }),
  ),
  logout: optional(mvpdLogoutSetting),
  secret: text({
    description: 'shared with the provider: signs its assertions and our messages',
    secret: true,
    minLength: 32,
    allowed: 'at least 32 characters',
  }),
  deniedResources: optional(
    dictionary(text({}), {
      description: 'resources that it denies, each with the words that the viewer reads',
      allowed: 'texts under the names of resources',
    }),
  ),
  temporaryPassMs: optional(
    lifetime({ description: 'makes it a Temp Pass: how long a device may watch without a login' }),
  ),
  platform: optional(
    group<PlatformSso>(
      {
        boardingStatus: choice(['SUPPORTED', 'PICKER'], {}),
        displayInPlatformPicker: flag({}),
        platformMappingId: text({}),
        requiredMetadataFields: list(text({}), {}),
      },
      {
        description: 'shown to second screens of platforms that log in by themselves',
        allowed:
          '`{ boardingStatus, displayInPlatformPicker, platformMappingId, requiredMetadataFields }`',
      },
    ),
  ),
})

export const softwareStatementSchema: Group<SoftwareStatement> = group<SoftwareStatement>({
  statement: text({
    description: 'opaque: compared whole, whatever its form',
    secret: true,
  }),
  requestors: list(requestor, {
    description: 'requestors for which the application may act; the first is its default',
  }),
  approved: optional(
    flag({
      description: '`false` answers `unapproved_software_statement`',
      defaultText: '`true`',
    }),
  ),
})

export const legacyKeySchema: Group<LegacyKey> = group<LegacyKey>({
  publicKey: text({ description: 'the key that the header names' }),
  secret: text({ description: 'what the header is signed with', secret: true }),
  requestor: text({ description: 'for whom it speaks', maxLength: 255 }),
})

export const adobePassSchema: Group<AdobePassOptions> = group<AdobePassOptions>({
  accessLifetimeMs: lifetime({
    description: "life of an app's access token (F)",
    default: 6 * HOUR_MS,
  }),
  authenticationLifetimeMs: lifetime({
    description:
      "life of an AuthN token, for which a device stays logged in; Adobe's are 6 hours to 90 days (F)",
    default: 30 * DAY_MS,
  }),
  authorizationLifetimeMs: lifetime({
    description: 'life of an AuthZ token, never longer than its AuthN token (F)',
    default: DAY_MS,
  }),
  mediaLifetimeMs: lifetime({ description: 'life of a media token (F)', default: 7 * 60_000 }),
  registrationCodeLifetimeMs: duration({
    description: 'life of a registration code whose request has no `ttl` (F)',
    default: 30 * 60_000,
    minimum: 1000,
    maximum: DAY_MS,
  }),
  loginLifetimeMs: duration({
    description: 'how long a login at the provider may take',
    default: 10 * 60_000,
    minimum: 1000,
    maximum: DAY_MS,
  }),
  preauthorizedResources: integer({
    description: 'most resources in one preauthorization (F)',
    default: 5,
    minimum: 1,
    maximum: 1000,
  }),
  mvpds: optional(
    list(mvpdSchema, {
      description: 'the providers: see above',
      defaultText: 'none; the demo has two',
      allowed: 'a list of `{ id, displayName, secret, … }`',
    }),
  ),
  softwareStatements: list(softwareStatementSchema, {
    description: 'statements with which apps may register, and for which requestors',
    default: [],
    demoDefault: [{ statement: 'demo-software-statement', requestors: ['REF30'] }],
    defaultText: 'none; the demo has one',
    allowed: 'a list of `{ statement, requestors, approved }`',
  }),
  defaultRequestor: optional(
    text({
      description: 'the requestor of calls that name none in any way',
      demoDefault: 'REF30',
      maxLength: 255,
    }),
  ),
  // Off, as in the first years of v1; a token that is sent must be good all the same.
  requireAccessToken: flag({
    description: 'calls need an access token or a verified signature header',
    default: false,
  }),
  strict: flag({
    description:
      'what the tables call mandatory is mandatory: requestor, device information, `redirect_url` and the like',
    default: false,
  }),
  legacyKeys: list(legacyKeySchema, {
    description:
      'keys with which signature headers must verify; where there are none, their requestor is taken as said',
    default: [],
    allowed: 'a list of `{ publicKey, secret, requestor }`',
  }),
  defaultFormat: choice(['xml', 'json'], {
    description: 'the form where none is asked for (F)',
    default: 'xml',
  }),
  enhancedErrors: flag({
    description: 'errors carry action, code, help address and trace',
    default: false,
  }),
  helpUrl: httpUrl({
    description: '`helpUrl` of enhanced errors',
    default:
      'https://experienceleague.adobe.com/docs/pass/authentication/auth-features/error-reportn/enhanced-error-codes.html',
    defaultText: "Adobe's page",
  }),
  countDevice: optional(
    hook<NonNullable<AdobePassOptions['countDevice']>>({
      description:
        'counts calls by `cdt`: the device type, `Unknown`, or `N/A`; at most 100 types, then `Other`',
      defaultText: '`/metrics`',
    }),
  ),
  verifyPlatformProfile: optional(
    hook<NonNullable<AdobePassOptions['verifyPlatformProfile']>>({
      description: 'checks `SAMLResponse`; without it platform SSO answers 400',
    }),
  ),
})

/** @throws {TypeError} That names every option that cannot be used. */
export function adobePassOptions(demo: boolean, given: Given<AdobePassOptions>): AdobePassOptions {
  return settingsOf(adobePassSchema, given, demo)
}
