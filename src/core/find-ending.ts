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
import type { Store } from '../ports/store.ts'
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
 * Finds an entry that ended something, the earliest where several did.
 *
 * @returns Undefined where nothing has ended it, or the entry is no longer kept.
 * @throws {Refusal} `store_unavailable`.
 */
export async function findEnding(
  store: Pick<Store, 'listRevocations'>,
  names: Names,
): Promise<Revocation | undefined> {
  const found = await Promise.all(
    placesOf(names).map(async ([scope, key, generation]) => {
      const page = { limit: 1, cursor: undefined }
      // The newest has the highest generation: where that one did not end it, none did.
      const [newest] = (await store.listRevocations({ scope, key, issuer: '' }, page)).items
      const ended =
        newest !== undefined && (generation === undefined || newest.generation > generation)
      return ended ? newest : undefined
    }),
  )
  return found
    .filter((entry) => entry !== undefined)
    .reduce<Revocation | undefined>(
      (first, entry) => (first === undefined || entry.atMs < first.atMs ? entry : first),
      undefined,
    )
}

/** Where to look: scope, key, and for wide scopes the generation above which it has ended. */
function placesOf({
  claims,
  generations,
}: Names): readonly (readonly [Scope, string, generation: number | undefined])[] {
  return scopes.flatMap((scope) => {
    const key = keyOf(scopeRow(scope), claims)
    return key === undefined ? [] : [[scope, key, generationAt(scope, generations)] as const]
  })
}

/** A counter of which a token carries no generation ends it with its first raise. */
function generationAt(scope: Scope, generations: Generations): number | undefined {
  if (!isWide(scope)) return undefined
  return isSessionCounter(scope) ? generations[scope] : 0
}
