import type { DialectContext } from '../../context.ts'
import { createClientAuthentication } from '../../client-authentication.ts'
import type { DialectRequest } from '../../dialect.ts'
import { createGuessLimit, type GuessLimit } from '../../guess-limit.ts'
import { OAUTH } from '../../oauth-client.ts'
import type { OAuthOptions } from './options.ts'

/** What the parts of this surface share. */
export interface OAuthService extends Pick<DialectContext, 'core' | 'clock' | 'random' | 'issuer'> {
  readonly options: OAuthOptions
  readonly guesses: GuessLimit
  readonly authenticateClient: (request: DialectRequest) => Promise<string | undefined>
  /** Whether browsers reach this server over TLS. */
  readonly isSecure: boolean
}

/** How many times `attemptsPerAccount` all unknown addresses together have. */
const TRIED_BY_STRANGERS = 10

export function createService(context: DialectContext, options: OAuthOptions): OAuthService {
  const { core, clock, random, issuer, rateLimitFactor } = context
  return {
    core,
    clock,
    random,
    issuer,
    options,
    guesses: createGuessLimit({
      core,
      dialect: OAUTH,
      perAddress: options.attemptsPerAddress,
      perAccount: options.attemptsPerAccount,
      strangersFactor: TRIED_BY_STRANGERS,
      rateLimitFactor,
    }),
    authenticateClient: createClientAuthentication(context),
    isSecure: issuer.startsWith('https:'),
  }
}
