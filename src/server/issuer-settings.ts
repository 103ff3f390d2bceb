/** Settings of other issuers: whose tokens are accepted and ended here, and how they are read. */
import { aliasesOf, rulesOf, type ClaimNames, type Issuer } from '../domain/issuer.ts'
import { profileNames, type Profile } from '../domain/profile.ts'
import { providerSetting, type ProviderSettings } from '../receivers/providers/index.ts'
import {
  choice,
  duration,
  group,
  httpUrl,
  lifetime,
  list,
  optional,
  text,
  type Given,
  type Group,
  type OptionalSetting,
} from '../settings/schema.ts'

/** What each does is written in the schema below. */
export interface IssuerSettings {
  readonly name: string
  readonly issuer: string
  readonly profile: Profile
  readonly audience: readonly string[]
  readonly jwksUri?: string
  readonly claims: ClaimNames
  readonly logoutClients: readonly string[]
  readonly maxTokenLifeMs: number
  readonly maxSessionMs: number
  readonly clockSkewMs: number
  readonly tell?: ProviderSettings
}

/** What has to be said of an issuer; the rest has a default. */
export type GivenIssuer = Given<IssuerSettings> &
  Pick<IssuerSettings, 'name' | 'issuer' | 'audience'>

const DAY_MS = 86_400_000

export const issuerSchema: Group<IssuerSettings> = group<IssuerSettings>({
  name: text({
    description: 'what operators call it: `outright logout --issuer <name>`',
    pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
    allowed: 'lower-case letters, digits and hyphens',
  }),
  issuer: httpUrl(
    {
      description: 'its `iss`, to the character: a slash at the end is a part of it',
      allowed: 'an http or https URL without query, fragment or password',
    },
    ({ search, hash, username, password }) => search + hash + username + password === '',
  ),
  profile: choice(profileNames, {
    description:
      'how its tokens are read: see [identity-providers.md](identity-providers.md). `generic` takes access tokens of RFC 9068',
    default: 'generic',
  }),
  audience: list(text({ pattern: String.raw`^\S{1,255}$`, allowed: 'a name without spaces' }), {
    description: 'the APIs of this installation as its tokens name them: each must be for one',
    minItems: 1,
    allowed: 'a list of one name at least',
  }),
  jwksUri: optional(
    httpUrl({ description: 'where its keys are', defaultText: 'found through discovery' }),
  ),
  claims: group<ClaimNames>({
    subject: claimNames('whose token it is'),
    session: claimNames('the login it comes from'),
    client: claimNames('the application it was issued to'),
    id: claimNames('the token itself'),
    audience: claimNames('the APIs it is for'),
    types: optional(
      list(text({ pattern: '^[a-z0-9+.-]{1,64}$' }), {
        description: '`typ` of its access tokens, without `application/`',
        defaultText: 'as the profile says',
        minItems: 1,
        allowed: 'a list of types in lower case',
      }),
    ),
  }),
  logoutClients: list(text({}), {
    description:
      'client ids for which it sends logout tokens to `/outright/v1/issuers/<name>/backchannel-logout`',
    default: [],
    allowed: 'a list of client ids',
  }),
  maxTokenLifeMs: lifetime({
    description:
      'the longest life of its access tokens: a token that lives longer is refused, since what ended it may be forgotten',
    default: DAY_MS,
  }),
  maxSessionMs: lifetime({
    description:
      'how long a person may stay logged in there by refreshing: the end of a login is remembered for that long',
    default: 30 * DAY_MS,
  }),
  clockSkewMs: duration({
    description:
      'how far its clock may be off. An end by the second reaches so far ahead: a new login in that time is refused. In whole seconds',
    default: 2000,
    minimum: 0,
    maximum: 60_000,
  }),
  tell: optional(providerSetting),
})

function claimNames(what: string): OptionalSetting<readonly string[]> {
  return optional(
    list(text({ pattern: String.raw`^\S{1,255}$` }), {
      description: `claims that name ${what}, the first that is there counts`,
      defaultText: 'as the profile says',
      allowed: 'a list of names of claims',
    }),
  )
}

/** What is known of an issuer, from its settings. */
export function issuerOf(settings: IssuerSettings): Issuer {
  const { name, issuer, profile, audience, claims, logoutClients } = settings
  return {
    name,
    issuer,
    profile,
    aliases: aliasesOf(profile, issuer),
    rules: rulesOf(profile, claims),
    audience,
    logoutClients,
    maxTokenLifeSeconds: Math.ceil(settings.maxTokenLifeMs / 1000),
    maxSessionSeconds: Math.ceil(settings.maxSessionMs / 1000),
    clockSkewSeconds: Math.ceil(settings.clockSkewMs / 1000),
  }
}
