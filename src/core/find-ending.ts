import type { Generations } from '../domain/generation.ts'
import type { Revocation } from '../domain/revocation.ts'
import { EVERYONE, grantKey, type Scope } from '../domain/scope.ts'
import type { Store } from '../ports/store.ts'
import type { AccessClaims } from '../verifier/claims.ts'

/** What can be ended about a token or a session. A `Session` is one. */
export interface Names {
  readonly sid: string
  readonly subjectId: string
  readonly clientId: string
  readonly deviceKey: string | undefined
  readonly generations: Generations
  /** Of a token: its own id, and the key that signed it. */
  readonly jti?: string
  readonly kid?: string
}

/** What a token names. */
export function namesOf(claims: AccessClaims): Names {
  const [everyone, subject, client, grant, device] = claims.gen
  return {
    sid: claims.sid,
    subjectId: claims.sub,
    clientId: claims.client_id,
    deviceKey: claims.device_id,
    generations: { everyone, subject, client, grant, device },
    jti: claims.jti,
    ...(claims.kid === undefined ? {} : { kid: claims.kid }),
  }
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
      const [newest] = (await store.listRevocations({ scope, key }, page)).items
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
function placesOf(names: Names): readonly (readonly [Scope, string, generation?: number])[] {
  const { sid, subjectId, clientId, deviceKey, generations, jti, kid } = names
  return [
    ['session', sid],
    ['subject', subjectId, generations.subject],
    ['client', clientId, generations.client],
    ['grant', grantKey(clientId, subjectId), generations.grant],
    ['everyone', EVERYONE, generations.everyone],
    ...(deviceKey === undefined ? [] : [['device', deviceKey, generations.device] as const]),
    ...(jti === undefined ? [] : [['token', jti] as const]),
    // A token carries no generation of its key: it ends with the first.
    ...(kid === undefined ? [] : [['signing_key', kid, 0] as const]),
  ]
}
