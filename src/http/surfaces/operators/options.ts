import { group, lifetime, type Group } from '../../../settings/schema.ts'
import { limitSetting, type RateLimitRule } from '../../rate-limit.ts'

/** How long operators stay signed in, and how often passwords may be tried. */
export interface OperatorOptions {
  readonly sessionLifetimeMs: number
  readonly attemptsPerAddress: RateLimitRule
  readonly attemptsPerAccount: RateLimitRule
}

export interface OperatorSettings {
  readonly operators: OperatorOptions
}

const HOUR_MS = 3_600_000

export const operatorSchema: Group<OperatorSettings> = group<OperatorSettings>({
  operators: group<OperatorOptions>({
    sessionLifetimeMs: lifetime({
      description: 'for how long an operator stays signed in at the console',
      default: 12 * HOUR_MS,
    }),
    attemptsPerAddress: limitSetting('passwords and codes tried from one address', {
      points: 30,
      windowSeconds: 60,
    }),
    attemptsPerAccount: limitSetting(
      'passwords tried from one address for one operator; ten times as many from all addresses that are not known',
      { points: 10, windowSeconds: 60 },
    ),
  }),
})
