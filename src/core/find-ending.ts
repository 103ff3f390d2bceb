import { generationIn, generationsFrom, type Generations } from '../domain/generation.ts'
import type { Revocation } from '../domain/revocation.ts'
import {
  isSessionCounter,
  isWide,
  keyOf,
  scopeRow,
  scopes,
  type KeyClaim,
  type Scope,
} from '../domain/scope.ts'
import { namesOfSession, type Session } from '../domain/session.ts'
import type { EndingPlace, Store } from '../ports/store.ts'
import type { AccessClaims } from '../verifier/claims.ts'

/** What can be ended about a token or a session. */
export interface Names {
  readonly claims: { readonly [C in KeyClaim]?: string | undefined }
  readonly generations: Generations
}

/** What a token names. */
export function namesOf(claims: AccessClaims): Names {
  const generations = generationsFrom((scope) => generationIn(claims.gen, scope))
  return { claims, generations }
}

/** What a session names; its tokens name more. */
export function namesOfStored(session: Session): Names {
  return { claims: namesOfSession(session), generations: session.generations }
}

/**
 * Finds the entry that ended something, the first in the log where several did.
 *
 * @returns Undefined where nothing has ended it, or the entry is no longer kept.
 * @throws {Refusal} `store_unavailable`.
 */
export function findEnding(
  store: Pick<Store, 'findEnding'>,
  names: Names,
): Promise<Revocation | undefined> {
  return store.findEnding(placesOf(names))
}

function placesOf({ claims, generations }: Names): readonly EndingPlace[] {
  return scopes.flatMap((scope) => {
    const key = keyOf(scopeRow(scope), claims)
    return key === undefined ? [] : [{ scope, key, fromGeneration: endedFrom(scope, generations) }]
  })
}

/** A token without a generation for a counter is ended by that counter's first raise. */
function endedFrom(scope: Scope, generations: Generations): number {
  if (!isWide(scope)) return 0
  return isSessionCounter(scope) ? generations[scope] + 1 : 1
}
