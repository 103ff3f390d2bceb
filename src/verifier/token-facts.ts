import { generationIn } from '../domain/generation.ts'
import {
  isSessionCounter,
  isWide,
  keyOf,
  scopeRow,
  scopes,
  type KeyClaim,
} from '../domain/scope.ts'
import type { AccessClaims } from './claims.ts'
import { fingerprint, type Fingerprint } from './fingerprint.ts'

/**
 * Everything about a token that a revocation can name, ready for look-ups. It stands in one array
 * because tens of thousands of tokens are remembered, and every object more has to be copied by the
 * garbage collector and waited for by a check.
 */
export interface TokenFacts {
  /**
   * The generation of everyone that the token carries; {@link CUTOFF} for one of another issuer,
   * where our everyone is not everyone.
   */
  readonly everyone: number
  /**
   * Of a token of another issuer, the earliest second that it names: when it was issued, or when
   * its login was where it says so. Of ours it is not asked about.
   */
  readonly sinceSeconds: number
  /**
   * For each scope that the token names, {@link FACT_NUMBERS} numbers: the two halves of the
   * fingerprint, and the generation that it carries, or {@link NARROW} or {@link CUTOFF}, where it
   * carries none because it does not end by a counter.
   */
  readonly named: readonly number[]
}

/** Numbers in {@link TokenFacts.named} for each name. */
export const FACT_NUMBERS = 3

/** In place of a generation: what is named ends once. */
export const NARROW = -1
/** In place of a generation: what is named ends up to a second. */
export const CUTOFF = -2

/** One thing that a token names. */
export interface NamedFact extends Fingerprint {
  readonly generation: number
}

/** What is asked of every new token: found out once, as it is asked of thousands a second. */
const askedOfOurs = scopes
  // Everyone's counter has no fingerprint.
  .filter((scope) => scope !== 'everyone')
  .map((scope) => ({
    scope,
    row: scopeRow(scope),
    ends: isWide(scope) ? 0 : NARROW,
    counter: isSessionCounter(scope) ? scope : undefined,
  }))

/** Computes the facts of a token whose claims were verified. */
export function tokenFacts(claims: AccessClaims): TokenFacts {
  const numbers: number[] = []
  for (const { scope, row, ends, counter } of askedOfOurs) {
    const key = keyOf(row, claims)
    if (key === undefined) continue
    const { high, low } = fingerprint(scope, key)
    const generation = counter === undefined ? ends : generationIn(claims.gen, counter)
    numbers.push(high, low, generation)
  }
  // A copy has no room to spare.
  return { everyone: generationIn(claims.gen, 'everyone'), sinceSeconds: 0, named: numbers.slice() }
}

/** What a token of another issuer names, under the names that our claims have for it. */
export interface ForeignNames {
  readonly issuer: string
  readonly names: { readonly [C in KeyClaim]?: string | undefined }
  /** See {@link TokenFacts.sinceSeconds}. */
  readonly sinceSeconds: number
}

/**
 * The facts of a verified token of another issuer. It carries no generations: it ends by the names
 * that it has, once or up to a second.
 *
 * @throws {RangeError} Where it does not say when it was issued: nothing could be cut off.
 */
export function foreignFacts({ issuer, names, sinceSeconds }: ForeignNames): TokenFacts {
  if (issuer === '' || !Number.isFinite(sinceSeconds)) {
    throw new RangeError('Cannot judge token: it names no issuer, or not when it was issued')
  }
  const facts = scopes.flatMap((scope): readonly NamedFact[] => {
    const { foreign, ...row } = scopeRow(scope)
    const key = keyOf(row, names)
    if (foreign === 'none' || key === undefined) return []
    const generation = foreign === 'narrow' ? NARROW : CUTOFF
    return [{ ...fingerprint(scope, key, issuer), generation }]
  })
  // Everyone there is a cut-off among the others. Not the largest number there is: that would make
  // an object of the number in each token, ours as well, and of each a wait for memory.
  return factsOf(CUTOFF, facts, sinceSeconds)
}

/** The facts of a token that names these, and was issued at this generation of everyone. */
export function factsOf(
  everyone: number,
  facts: readonly NamedFact[],
  sinceSeconds: number = 0,
): TokenFacts {
  const numbers: number[] = []
  for (const { high, low, generation } of facts) numbers.push(high, low, generation)
  return { everyone, sinceSeconds, named: numbers.slice() }
}

/** The upper half of every fingerprint that a token has. */
export function factHighs({ named }: TokenFacts): readonly number[] {
  return named.filter((_, index) => index % FACT_NUMBERS === 0)
}
