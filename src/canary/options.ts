import { canaryKinds, type CanaryKind } from '../protocol/canary.ts'
import {
  checkedText,
  choice,
  duration,
  group,
  integer,
  list,
  optional,
  text,
  type Group,
} from '../settings/schema.ts'

/** One way in which people reach a guarded service. */
export interface CanaryPath {
  readonly name: string
  readonly kind: CanaryKind
  readonly url: string
  readonly cookie?: string
  readonly refusals: readonly number[]
}

export interface CanarySettings {
  readonly name: string
  readonly paths: readonly CanaryPath[]
  readonly probeMs: number
  readonly watchMs: number
  readonly timeoutMs: number
  readonly transitMs: number
  readonly everyMs?: number
  readonly rounds: number
  readonly metricsHost: string
  readonly metricsPort?: number
}

const schemes: Readonly<Record<string, readonly CanaryKind[]>> = {
  'http:': canaryKinds,
  'https:': canaryKinds,
  'ws:': ['websocket'],
  'wss:': ['websocket'],
}

const MAX_PATHS = 32

export const canaryPathSchema: Group<CanaryPath> = group<CanaryPath>({
  name: text({
    description: 'what reports, metrics and alarms call it',
    pattern: String.raw`^[\w.-]{1,64}$`,
    allowed: '1 to 64 letters, digits, `_`, `.`, `-`',
  }),
  kind: choice(canaryKinds, {
    description:
      '`http`: a request each time; `stream`: one answer that stays open, such as Server-Sent Events; `websocket`: one socket, which is pinged',
    default: 'http',
  }),
  url: checkedText(
    {
      description: 'as people reach it, through every proxy and cache',
      allowed: 'an http, https, ws or wss URL without password or fragment',
      holdsUrl: true,
    },
    (value) => {
      const url = URL.parse(value)
      if (url === null || !Object.hasOwn(schemes, url.protocol)) return false
      return url.username + url.password + url.hash === ''
    },
  ),
  cookie: optional(
    text({
      description: 'name of the cookie that carries the token, in place of `Authorization: Bearer`',
      defaultText: 'the header',
      pattern: "^[\\w!#$%&'*+.^`|~-]{1,64}$",
      allowed: 'a cookie’s name',
    }),
  ),
  refusals: list(integer({ minimum: 300, maximum: 499 }), {
    description:
      'statuses that mean that the token is refused; add 302 or 303 where people are sent to a login page',
    default: [401, 403],
    minItems: 1,
    allowed: 'a list of statuses from 300 to 499',
  }),
})

export const canarySchema: Group<CanarySettings> = group<CanarySettings>({
  name: text({
    description:
      'name of this canary: its person and its client are `outright-canary-<name>`. Each canary that runs at the same time needs its own',
    default: 'default',
    flag: '--name',
    pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
    allowed: 'lower-case letters, digits and hyphens',
  }),
  paths: list(canaryPathSchema, {
    description: 'what is tried',
    flag: '--path',
    minItems: 1,
    allowed: 'a list of one path at least: `{ name, url, … }`',
  }),
  probeMs: duration({
    description: 'how often each path is tried',
    default: 20,
    flag: '--probe-every',
    minimum: 5,
    maximum: 10_000,
  }),
  watchMs: duration({
    description: 'for how long after the answer of the logout',
    default: 5000,
    flag: '--watch',
    minimum: 200,
    maximum: 300_000,
  }),
  timeoutMs: duration({
    description: 'how long one action may take',
    default: 5000,
    flag: '--timeout',
    minimum: 100,
    maximum: 60_000,
  }),
  transitMs: duration({
    description:
      'how long data of a stream may be on its way: what arrives so soon after the answer may have been sent before it. Requests and pings need no such allowance',
    default: 250,
    flag: '--transit',
    minimum: 0,
    maximum: 60_000,
  }),
  everyMs: optional(
    duration({
      description: 'runs as a service: a round is started this often',
      flag: '--every',
      minimum: 1000,
      maximum: 86_400_000,
    }),
  ),
  rounds: integer({
    description: 'how many rounds, one after the other, where it is not a service',
    default: 1,
    flag: '--rounds',
    minimum: 1,
    maximum: 10_000,
  }),
  metricsHost: text({
    description: 'address on which a service answers Prometheus',
    default: '127.0.0.1',
    flag: '--metrics-host',
  }),
  metricsPort: optional(
    integer({
      description: 'port on which it answers Prometheus, 0 for any free one',
      flag: '--metrics-port',
      minimum: 0,
      maximum: 65_535,
    }),
  ),
})

/** What is wrong between settings that are each well-formed. */
export function crossProblems({ paths, everyMs, rounds, metricsPort }: CanarySettings): string[] {
  const names = paths.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) < at)
  const misplaced = paths.find(
    ({ url, kind }) => schemes[new URL(url).protocol]?.includes(kind) !== true,
  )
  return [
    ...(paths.length > MAX_PATHS ? [`paths has more than ${String(MAX_PATHS)}`] : []),
    ...(twice === undefined ? [] : [`two paths are named ${twice}`]),
    ...(misplaced === undefined
      ? []
      : [`path ${misplaced.name} is ${misplaced.kind}, which its URL is not: use http or https`]),
    ...(everyMs !== undefined && rounds !== 1 ? ['rounds and everyMs exclude each other'] : []),
    ...(everyMs === undefined && metricsPort !== undefined
      ? ['metricsPort is for a service: give everyMs as well']
      : []),
  ]
}
