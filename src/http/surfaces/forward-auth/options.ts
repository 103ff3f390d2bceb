import {
  choice,
  flag,
  group,
  hostInUrl,
  httpUrl,
  list,
  optional,
  text,
  type Group,
} from '../../../settings/schema.ts'

/** How proxies that ask are answered; what each does is written in the schema below. */
export interface ForwardAuthOptions {
  readonly cookieName?: string
  readonly loginUrl?: string
  readonly allowedHosts: readonly string[]
  readonly preflight: 'allow' | 'refuse'
  readonly groups: boolean
}

export const forwardAuthSchema: Group<ForwardAuthOptions> = group<ForwardAuthOptions>({
  // RFC 6265, section 4.1.1: a token.
  cookieName: optional(
    text({
      description:
        'a cookie that holds the access token of browsers; without it only `Authorization: Bearer` counts',
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$",
      allowed: 'the name of a cookie',
    }),
  ),
  loginUrl: optional(
    httpUrl({
      description:
        'where `mode=redirect` sends browsers that navigate without a good token; without it they get 401',
    }),
  ),
  allowedHosts: list(hostInUrl({}), {
    description:
      'hosts behind the proxy: the `return_to` of `loginUrl` may lead back to them, and tokens that are bound to a key (DPoP) are accepted there alone',
    default: [],
    allowed: 'a list of hosts as they stand in a URL, in lower case',
  }),
  preflight: choice(['refuse', 'allow'], {
    description:
      'what to do with a CORS preflight, which never carries credentials: answer 401 as for any request without a token, or let it through to the application',
    default: 'refuse',
  }),
  groups: flag({
    description:
      'whether `Remote-Groups` tells the token’s scopes; more than 2048 bytes of them are left out whole, because a part would be a lie',
    default: true,
  }),
})
