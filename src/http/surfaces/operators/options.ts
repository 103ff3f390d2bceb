import type { RoleMapping } from '../../../domain/single-sign-on.ts'
import {
  group,
  httpUrl,
  lifetime,
  list,
  optional,
  text,
  type Group,
  type Setting,
} from '../../../settings/schema.ts'
import { isLoopback } from '../../loopback.ts'
import { limitSetting, type RateLimitRule } from '../../rate-limit.ts'

/** How long operators stay signed in, and how often passwords may be tried. */
export interface OperatorOptions {
  readonly sessionLifetimeMs: number
  readonly attemptsPerAddress: RateLimitRule
  readonly attemptsPerAccount: RateLimitRule
  readonly singleSignOn?: SingleSignOnSettings
}

/** The identity provider of operators; what each does is written in the schema below. */
export interface SingleSignOnSettings {
  readonly title: string
  readonly issuer: string
  readonly clientId: string
  /** One of the two. */
  readonly clientSecret?: string
  readonly clientSecretFile?: string
  readonly scopes: readonly string[]
  readonly roles?: RoleMapping & { readonly claim: string }
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
    singleSignOn: optional(singleSignOnSetting()),
  }),
})

function singleSignOnSetting(): Group<SingleSignOnSettings> {
  return group<SingleSignOnSettings>({
    title: text({
      description:
        'what the sign-in page calls the identity provider at which operators may sign in: see [admin.md](admin.md#single-sign-on)',
      maxLength: 64,
      allowed: 'at most 64 characters',
    }),
    issuer: httpUrl(
      {
        description: 'its `iss`, to the character; everything else is found through discovery',
        allowed:
          'an https URL without query, fragment or password; http for this machine alone (127.0.0.1, [::1], localhost)',
      },
      (url) =>
        url.search + url.hash + url.username + url.password === '' &&
        (url.protocol === 'https:' || isLoopback(url)),
    ),
    clientId: text({ description: 'what this server is called there' }),
    clientSecret: optional(
      text({
        description: 'what it proves that with',
        variable: 'OUTRIGHT_OPERATORS_CLIENT_SECRET',
        secret: true,
      }),
    ),
    clientSecretFile: optional(
      text({
        description: 'a file that holds it instead',
        variable: 'OUTRIGHT_OPERATORS_CLIENT_SECRET_FILE',
        allowed: 'a file',
      }),
    ),
    scopes: list(
      text({ pattern: String.raw`^[\x21\x23-\x5b\x5d-\x7e]{1,255}$`, allowed: 'a scope' }),
      {
        description: 'what is asked for beside `openid`',
        default: ['email'],
        allowed: 'a list of scopes',
      },
    ),
    roles: optional(
      group<NonNullable<SingleSignOnSettings['roles']>>({
        claim: text({
          description:
            'the claim whose values give a role; without any of these only operators who were added before may sign in there',
          default: 'groups',
        }),
        viewer: valuesFor('a viewer'),
        operator: valuesFor('an operator'),
        admin: valuesFor('an admin'),
      }),
    ),
  })
}

function valuesFor(who: string): Setting<readonly string[]> {
  return list(text({}), {
    description: `values of it that make a person ${who}`,
    default: [],
    allowed: 'a list of values',
  })
}
