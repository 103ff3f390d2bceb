import { limitSetting, type RateLimitRule } from '../../rate-limit.ts'
import { settingsOf } from '../../../settings/read.ts'
import {
  checkedText,
  choice,
  flag,
  group,
  lifetime,
  text,
  type Given,
  type Group,
} from '../../../settings/schema.ts'

/** What an installation may set for DirectLink; what each does is written in the schema below. */
export interface DirectLinkOptions {
  readonly apiver: string
  readonly timeZone: string
  readonly accessLifetimeMs: number
  readonly basicLogout: 'all' | 'none'
  readonly strictContentType: boolean
  readonly clientId: string
  readonly attemptsPerAddress: RateLimitRule
  readonly attemptsPerAccount: RateLimitRule
}

export const directLinkSchema: Group<DirectLinkOptions> = group<DirectLinkOptions>({
  apiver: text({ description: '`apiver` of every body', default: 'v1 (3.6.0)' }),
  timeZone: checkedText(
    {
      description: 'zone of `time` in every body',
      default: new Intl.DateTimeFormat().resolvedOptions().timeZone,
      defaultText: 'the zone of the process (`TZ`)',
      allowed: 'a name of the tz database, such as Europe/Lisbon',
    },
    isTimeZone,
  ),
  accessLifetimeMs: lifetime({ description: 'life of a bearer (F)', default: 3_600_000 }),
  basicLogout: choice(['all', 'none'], {
    description:
      'what a logout with user and password ends: every session of that user, or nothing, because it names no session',
    default: 'all',
  }),
  // Off, because no call is unclear without it, and proxies drop header names with an underscore.
  strictContentType: flag({
    description: 'answer 400 without `Content_type` or `Content-Type` as documented',
    default: false,
  }),
  clientId: text({
    description: 'the client that the sessions belong to: its revocation ends them all',
    default: 'directlink',
    maxLength: 255,
  }),
  attemptsPerAddress: limitSetting('passwords tried from one address (O)', {
    points: 60,
    windowSeconds: 60,
  }),
  attemptsPerAccount: limitSetting(
    'passwords tried from one address for one user name (O); ten times as many from all addresses that are not known',
    {
      points: 20,
      windowSeconds: 60,
    },
  ),
})

/** @throws {TypeError} That names every option that cannot be used. */
export function directLinkOptions(given: Given<DirectLinkOptions>): DirectLinkOptions {
  return settingsOf(directLinkSchema, given, false)
}

function isTimeZone(name: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
