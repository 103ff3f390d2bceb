/**
 * What no setting can be held against alone: rules between settings, and schemas that arrive with
 * one.
 */
import { aliasesOf } from '../domain/issuer.ts'
import { problemsOf } from '../settings/read.ts'
import type { Given } from '../settings/schema.ts'
import { secretsIn } from '../settings/walk.ts'
import { configSchema, type Settings } from './config-schema.ts'
import { DEMO_PROVIDER } from './demo-provider/identity.ts'
import { publicCredentials } from './demo.ts'
import { kindProblems } from './own-receivers.ts'

/** Everything that does not go together, each by the name of a setting. */
export function crossProblems(settings: Settings): readonly string[] {
  const { demo, leaseMs, renewMs, otpSender } = settings
  return [
    ...(renewMs * 2 <= leaseMs
      ? []
      : [
          `renewMs is ${String(renewMs)}; allowed: at most half of leaseMs, which is ${String(leaseMs)}`,
        ]),
    ...(demo || otpSender.kind !== 'console'
      ? []
      : [
          'otpSender.kind is "console"; allowed: none, webhook (the console shows one-time passwords and is for --demo alone)',
        ]),
    ...(demo
      ? []
      : [
          ...publicSecrets(settings),
          ...weakAdminToken(settings),
          ...weakResourceServers(settings),
        ]),
    ...repeatedResourceServers(settings),
    ...repeatedProviders(settings),
    ...repeatedIssuers(settings),
    ...otherProducts(settings),
    ...singleSignOn(settings),
  ]
}

/** Shorter tokens can be guessed in time, or were made up by a person. */
const MIN_TOKEN_LENGTH = 24
const MIN_DIFFERENT_CHARACTERS = 8

/** Whether a token can be guessed: what `openssl rand` makes of 16 bytes or more cannot. */
export function isGuessable(token: string): boolean {
  return token.length < MIN_TOKEN_LENGTH || new Set(token).size < MIN_DIFFERENT_CHARACTERS
}

/** Never shows any of the token, its length neither. */
function weakAdminToken({ adminToken: token }: Settings): readonly string[] {
  if (token === undefined || publicCredentials.has(token) || !isGuessable(token)) return []
  return [guessable('adminToken')]
}

function weakResourceServers({ resourceServers }: Settings): readonly string[] {
  return resourceServers.flatMap(({ secret }, at) =>
    publicCredentials.has(secret) || !isGuessable(secret)
      ? []
      : [guessable(`resourceServers[${String(at)}].secret`)],
  )
}

function guessable(name: string): string {
  return `${name} is short or uniform enough to be guessed; allowed: at least ${String(MIN_TOKEN_LENGTH)} characters, ${String(MIN_DIFFERENT_CHARACTERS)} of them different, such as openssl rand -base64 32 makes (or --demo)`
}

function repeatedResourceServers({ resourceServers }: Settings): readonly string[] {
  const ids = resourceServers.map(({ id }) => id)
  return ids.flatMap((id, at) =>
    ids.indexOf(id) === at
      ? []
      : [`resourceServers[${String(at)}].id is "${id}", as another's; allowed: each once`],
  )
}

/** Options of an installation's own parts, each checked against its part's schema. */
export function customProblems({ customDialects = [], receivers = [] }: Own): readonly string[] {
  const ofDialects = customDialects.flatMap(({ dialect, options = {} }, at) =>
    problemsOf(dialect.options, options, {
      name: `customDialects[${String(at)}].options`,
      partial: false,
    }),
  )
  const ofReceivers = receivers.flatMap(({ receiver, options = {} }, at) =>
    problemsOf(receiver.options, options, {
      name: `receivers[${String(at)}].options`,
      partial: false,
    }),
  )
  return [...ofDialects, ...kindProblems(receivers), ...ofReceivers]
}

type Own = Pick<Given<Settings>, 'customDialects' | 'receivers'>

function publicSecrets(settings: Settings): readonly string[] {
  return secretsIn(configSchema, settings)
    .filter(({ value }) => typeof value === 'string' && publicCredentials.has(value))
    .map(
      ({ name }) =>
        `${name} is a credential of the demo or of an example, which is public; allowed: one of your own, such as openssl rand -base64 32 makes (or --demo)`,
    )
}

/** An `iss` chooses the keys: two that share one could be told apart by nothing. */
function repeatedIssuers({ issuers, issuer: own, demo }: Settings): readonly string[] {
  const names = new Set<string>(demo ? [DEMO_PROVIDER.name] : [])
  const seen = new Set(own === undefined ? [] : [own.replace(/\/+$/, '')])
  return issuers.flatMap(({ name, issuer, profile }, at) => {
    const place = `issuers[${String(at)}]`
    const all = [issuer, ...aliasesOf(profile, issuer)]
    const repeated = all.find((iss) => seen.has(iss))
    const isNamed = names.has(name)
    names.add(name)
    for (const iss of all) seen.add(iss)
    return [
      ...(isNamed ? [`${place}.name is "${name}", as another's; allowed: each once`] : []),
      ...(repeated === undefined
        ? []
        : [
            `${place}.issuer is "${repeated}", as another's; allowed: each once, and not this server`,
          ]),
    ]
  })
}

/** What does not go together in the setting of where operators sign in. */
function singleSignOn({ operators }: Settings): readonly string[] {
  const name = 'operators.singleSignOn'
  const { clientSecret, clientSecretFile, roles } = operators.singleSignOn ?? {}
  if (operators.singleSignOn === undefined) return []
  const isOne = (clientSecret === undefined) !== (clientSecretFile === undefined)
  const { claim: _, ...mapping } = roles ?? { claim: '' }
  const values = Object.values<readonly string[]>(mapping).flat()
  const twice = values.find((value, at) => values.indexOf(value) < at)
  return [
    ...(isOne
      ? []
      : [`${name} has no clientSecret, or two; allowed: one of clientSecret and clientSecretFile`]),
    ...(roles !== undefined && values.length === 0
      ? [`${name}.roles gives no role; allowed: a value for at least one of the roles`]
      : []),
    ...(twice === undefined
      ? []
      : [`${name}.roles has "${twice}" for two roles; allowed: one role for each value`]),
  ]
}

/** Each product has its own call. Which product `generic` is, only the operator knows. */
function otherProducts({ issuers }: Settings): readonly string[] {
  return issuers.flatMap(({ profile, tell }, at) =>
    tell === undefined || profile === 'generic' || tell.kind === profile
      ? []
      : `issuers[${String(at)}].tell.kind is "${tell.kind}"; allowed: the profile, which is ${profile}`,
  )
}

function repeatedProviders({ dialects }: Settings): readonly string[] {
  const ids = (dialects.adobePass.options.mvpds ?? []).map(({ id }) => id)
  return ids.flatMap((id, at) =>
    ids.indexOf(id) === at
      ? []
      : [
          `dialects.adobePass.options.mvpds[${String(at)}].id is "${id}", as another's; allowed: each once`,
        ],
  )
}
