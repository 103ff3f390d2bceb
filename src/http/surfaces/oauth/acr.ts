/**
 * How strong a login a client asks for: `acr_values`, or the `acr` of the ID token in `claims`
 * (OpenID Connect Core 1.0, sections 3.1.2.1 and 5.5.1.1). Nothing else of `claims` is read.
 */
import { words } from './client-call.ts'
import { loginMethods, type LoginMethod } from './login-method.ts'
import type { OAuthService } from './service.ts'

export interface WantedAcr {
  /** The one that is liked best comes first. */
  readonly values: readonly string[]
  /** True: a login without any of them is refused. Otherwise it is a preference. */
  readonly isEssential: boolean
}

const MAX_VALUES = 16

/** From the weakest. */
const methods = Object.keys(loginMethods) as readonly LoginMethod[]

/** @returns Undefined where it asks for none; `malformed` where it cannot be understood. */
export function readWantedAcr(parameters: URLSearchParams): WantedAcr | undefined | 'malformed' {
  const values = words(parameters.get('acr_values') ?? undefined)
  const claimed = readClaims(parameters.get('claims') || undefined)
  if (claimed === 'malformed' || values.length > MAX_VALUES) return 'malformed'
  if (claimed !== undefined) return claimed
  return values.length === 0 ? undefined : { values, isEssential: false }
}

function readClaims(text: string | undefined): WantedAcr | undefined | 'malformed' {
  if (text === undefined) return undefined
  const claims = objectOf(parse(text))
  if (claims === undefined) return 'malformed'
  const asked = objectOf(objectOf(claims['id_token'])?.['acr'])
  if (asked === undefined) return undefined
  const { value, values = value === undefined ? [] : [value], essential = false } = asked
  const isList = Array.isArray(values) && values.length <= MAX_VALUES
  if (!isList || !values.every((one) => typeof one === 'string')) return 'malformed'
  if (typeof essential !== 'boolean') return 'malformed'
  return values.length === 0 ? undefined : { values, isEssential: essential }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
}

/** What a login may call itself, of what is asked for: its own class, and those below it. */
export function acrFor(wanted: WantedAcr | undefined, method: LoginMethod): string | undefined {
  const reached = methods.slice(0, methods.indexOf(method) + 1).map((one) => loginMethods[one].acr)
  return wanted?.values.find((value) => reached.some((acr) => acr === value))
}

/** The classes of login that there are at this server. */
export function acrValuesOf({ passkeys }: Pick<OAuthService, 'passkeys'>): readonly string[] {
  return methods
    .filter((method) => method !== 'passkey' || passkeys.isPossible)
    .map((method) => loginMethods[method].acr)
}

/** Whether any login here could be what is asked for. */
export function isOffered(service: OAuthService, { values }: WantedAcr): boolean {
  return acrValuesOf(service).some((acr) => values.includes(acr))
}
