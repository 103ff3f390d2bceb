import type { DialectContext } from '../../context.ts'
import { createGuessLimit, type GuessLimit } from '../../guess-limit.ts'
import type { OperatorOptions } from './options.ts'

/** What the parts of this surface share. */
export interface OperatorService extends Pick<DialectContext, 'core' | 'log'> {
  readonly options: OperatorOptions
  readonly guesses: GuessLimit
}

/** How many times `attemptsPerAccount` all unknown addresses together have. */
const TRIED_BY_STRANGERS = 10

export function createService(
  { core, log, rateLimitFactor }: DialectContext,
  options: OperatorOptions,
): OperatorService {
  return {
    core,
    log,
    options,
    guesses: createGuessLimit({
      core,
      dialect: 'operators',
      perAddress: options.attemptsPerAddress,
      perAccount: options.attemptsPerAccount,
      strangersFactor: TRIED_BY_STRANGERS,
      rateLimitFactor,
    }),
  }
}
