/**
 * OAuth and OpenID Connect side by side with oidc-provider, durable against durable, in one run: a
 * login at a client of a person who is signed on (so without the password's cost), the exchange of
 * its code, a refresh, and a logout that a client asks for.
 */
import type { Outcome, Question, Settings } from '../report.ts'
import { stopAll } from './child.ts'
import {
  compare,
  once,
  startOidcProvider,
  startOutright,
  type Contender,
  type Sample,
} from './contenders.ts'
import type { OAuthKind } from './oauth-requests.ts'
import { rateHeader, rateRows } from './rows.ts'

interface Step {
  readonly kind: OAuthKind
  readonly title: string
  /** What every answer of the step must hold, at either. */
  readonly expects: string
  readonly status: number
  /** Whether tokens are issued: then oidc-provider is asked for JWTs as well. */
  readonly issues?: true
  /** How much more of them one core is to do than the peer's. */
  readonly aim?: number
}

const steps: readonly Step[] = [
  { kind: 'oauth-login', title: 'login', expects: '?code=', status: 303 },
  {
    kind: 'oauth-code',
    title: 'code exchange',
    expects: '"id_token":',
    status: 200,
    issues: true,
    aim: 3,
  },
  {
    kind: 'oauth-refresh',
    title: 'refresh',
    expects: '"refresh_token":',
    status: 200,
    issues: true,
    aim: 5,
  },
  {
    kind: 'oauth-logout',
    title: 'RP-initiated logout',
    expects: 'https://client.example/',
    status: 303,
  },
]

type Started = Awaited<ReturnType<typeof startOutright>>

/** Requests for a second of a sample; where they are used up, it ends earlier. */
const PER_SECOND = 4000
const PEER_PER_SECOND = 1500

/** How an answer begins whose access token is a JWT. */
const SIGNED_ACCESS_TOKEN = '"access_token":"eyJ'

export const oauth: Question = {
  name: 'oauth',
  asks: 'Login, code exchange, refresh and RP-initiated logout (OpenID Connect), beside oidc-provider',
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  try {
    const ours = await startOutright({ durability: 'full' })
    const peer = await startOidcProvider('sqlite')
    const signing = await startOidcProvider('sqlite', 'jwt')
    const figures: Record<string, readonly Sample[]> = {}
    const rows: string[][] = []
    const notes: string[] = []
    for (const { kind, title, expects, status, issues, aim } of steps) {
      const mine = `${title}: Outright`
      const theirs = `${title}: oidc-provider, SQLite FULL`
      const signed = `${theirs}, access tokens as JWTs`
      const asked = (
        name: string,
        server: Started,
        perSecond: number,
        shows = expects,
      ): Contender => ({
        ...once(name, server, { kind, count: Math.ceil(settings.seconds * perSecond) }),
        expects: shows,
        status,
      })
      const { samples, note } = await compare(
        [
          asked(mine, ours, PER_SECOND),
          asked(theirs, peer, PEER_PER_SECOND),
          ...(issues ? [asked(signed, signing, PEER_PER_SECOND, SIGNED_ACCESS_TOKEN)] : []),
        ],
        settings,
      )
      const aims = aim === undefined ? {} : { [theirs]: aim, [signed]: aim }
      rows.push(...rateRows(samples, mine, aims))
      notes.push(`${title}: ${note}`)
      Object.assign(figures, Object.fromEntries(samples))
    }
    return {
      title: 'OAuth and OpenID Connect, 64 callers',
      header: rateHeader,
      rows,
      notes: [
        'Outright signs an access token and an ID token',
        'oidc-provider signs an ID token and stores an opaque access token; one that is a JWT it signs and does not store',
        'the logout of oidc-provider is the answer to its page: it always asks',
        ...notes,
      ],
      figures,
    }
  } finally {
    await stopAll()
  }
}
