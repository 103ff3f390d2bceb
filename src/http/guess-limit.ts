/**
 * Limits on guesses at what a person knows: passwords, one-time passwords. They are counted by the
 * pair of address and account, so that a stranger's guesses are the stranger's alone. Guesses from
 * everywhere are counted as well, against those who guess from many addresses; where an account was
 * logged in from before, that count does not apply.
 */
import type { Core } from '../core/core.ts'
import {
  addressBlock,
  createRateLimit,
  type RateLimitHost,
  type RateLimitRule,
} from './rate-limit.ts'

export interface GuessLimitOptions extends RateLimitHost {
  readonly core: Core
  /** Whose accounts they are. */
  readonly dialect: string
  /** Of one address, whatever the account. */
  readonly perAddress: RateLimitRule
  /** Of one address at one account. */
  readonly perAccount: RateLimitRule
  /** How many times `perAccount` all unknown addresses together have at one account. */
  readonly strangersFactor: number
}

/** See the head of this file. */
export interface GuessLimit {
  /**
   * Counts one guess. Call it before the guess is judged.
   *
   * @throws {Refusal} `rate_limited`.
   */
  consume(account: string, address: string): Promise<void>
  /** Call it when the guess was right: from then on the address is known to the account. */
  succeeded(account: string, address: string): Promise<void>
}

/** Makes an unused limit. */
export function createGuessLimit(options: GuessLimitOptions): GuessLimit {
  const { core, dialect, perAccount } = options
  const ofAddress = createRateLimit(options.perAddress, options)
  const ofPair = createRateLimit(perAccount, options)
  const points = perAccount.points * options.strangersFactor
  const ofStrangers = createRateLimit({ ...perAccount, points }, options)
  const placeOf = (account: string, address: string) => ({
    dialect,
    account,
    address: addressBlock(address),
  })
  return {
    async consume(account, address) {
      await ofAddress.consume(address)
      // JSON, so that no account can be written that is counted as another one's pair.
      await ofPair.consume(JSON.stringify([addressBlock(address), account]))
      try {
        await ofStrangers.consume(account)
      } catch (error) {
        if (!(await core.isKnownAddress(placeOf(account, address)))) throw error
      }
    },
    succeeded: (account, address) => core.rememberAddress(placeOf(account, address)),
  }
}
