import type { OpenOperatorSession } from '../../../core/operator-sessions.ts'
import type { SurfaceContext } from '../../context.ts'
import { createGuessLimit, type GuessLimit } from '../../guess-limit.ts'
import type { PasskeyService } from '../../passkey-service.ts'
import { createPasskeyPages } from '../../passkeys.ts'
import { createRateLimit } from '../../rate-limit.ts'
import type { RoleMapping } from '../../../domain/single-sign-on.ts'
import type { SingleSignOn } from '../../node-view.ts'
import type { OperatorOptions } from './options.ts'

/** The identity provider, as this surface needs it. */
export interface SignOnService {
  readonly provider: SingleSignOn
  /** Which values of its claims give which role; undefined: roles are given here. */
  readonly roles: RoleMapping | undefined
}

/** An operator who has proved who they are, and how. */
export type Proved = Pick<OpenOperatorSession, 'operator' | 'provedBy' | 'login'>

/** What the parts of this surface share. */
export interface OperatorService extends PasskeyService, Pick<SurfaceContext, 'log'> {
  readonly options: OperatorOptions
  readonly guesses: GuessLimit
}

/** How many times `attemptsPerAccount` all unknown addresses together have. */
const TRIED_BY_STRANGERS = 10

export function createService(
  { core, log, issuer, rateLimitFactor, clock }: SurfaceContext,
  options: OperatorOptions,
): OperatorService {
  return {
    core,
    log,
    options,
    passkeys: createPasskeyPages({ core, issuer }),
    challenges: createRateLimit(options.attemptsPerAddress, { rateLimitFactor, clock }),
    guesses: createGuessLimit({
      core,
      dialect: 'operators',
      perAddress: options.attemptsPerAddress,
      perAccount: options.attemptsPerAccount,
      strangersFactor: TRIED_BY_STRANGERS,
      rateLimitFactor,
      clock,
    }),
  }
}
