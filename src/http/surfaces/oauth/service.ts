import type { SurfaceContext } from '../../context.ts'
import { createClientAuthentication, type Caller } from '../../client-authentication.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { createGuessLimit, type GuessLimit } from '../../guess-limit.ts'
import { OAUTH } from '../../oauth-client.ts'
import type { PasskeyService } from '../../passkey-service.ts'
import { createPasskeyPages } from '../../passkeys.ts'
import { createRateLimit, type RateLimit } from '../../rate-limit.ts'
import type { OAuthOptions } from './options.ts'

/** What the parts of this surface share. */
export interface OAuthService
  extends PasskeyService, Pick<SurfaceContext, 'node' | 'clock' | 'random' | 'issuer'> {
  readonly options: OAuthOptions
  /** At passwords. */
  readonly guesses: GuessLimit
  /** At the codes that devices show, by address. */
  readonly userCodes: RateLimit
  /** What is kept for those who have not said who they are, by address. */
  readonly strangers: RateLimit
  readonly authenticateClient: (
    request: SurfaceRequest,
    form: URLSearchParams,
  ) => Promise<Caller | undefined>
  /** Whether browsers reach this server over TLS. */
  readonly isSecure: boolean
}

/** How many times `attemptsPerAccount` all unknown addresses together have. */
const TRIED_BY_STRANGERS = 10

export function createService(context: SurfaceContext, options: OAuthOptions): OAuthService {
  const { core, node, clock, random, issuer, rateLimitFactor } = context
  return {
    core,
    node,
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
      clock,
    }),
    passkeys: createPasskeyPages({ core, issuer }),
    challenges: createRateLimit(options.attemptsPerAddress, context),
    userCodes: createRateLimit(options.userCodesPerAddress, context),
    strangers: createRateLimit(options.requestsPerAddress, context),
    authenticateClient: createClientAuthentication(context),
    isSecure: issuer.startsWith('https:'),
  }
}
