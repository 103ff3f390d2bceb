/** Which sessions an entry of the log ended, in terms of their columns. Derived from the scopes. */
import type { Revocation } from '../domain/revocation.ts'
import {
  EVERYONE,
  hasOneKey,
  isSessionCounter,
  readKey,
  scopeRow,
  scopes,
  sessionCounters,
  type KeyClaim,
  type SessionCounter,
} from '../domain/scope.ts'

/** Where a session keeps what its tokens name. */
const columns: { readonly [C in KeyClaim]?: string } = {
  sid: 'sid',
  sub: 'subject_id',
  client_id: 'client_id',
  device_id: 'device_key',
}

type GenerationColumn = `${SessionCounter}_generation`

/** Made once: a name that is put together for each row is looked up anew in each as well. */
const generationColumns = Object.fromEntries(
  sessionCounters.map((scope) => [scope, `${scope}_generation`]),
) as { readonly [S in SessionCounter]: GenerationColumn }

/** The column of the generation that a session read of a counter. */
export function generationColumn(scope: SessionCounter): GenerationColumn {
  return generationColumns[scope]
}

/** The key of a counter for a row of this name that has a session's columns. */
export function counterKey(scope: SessionCounter, row: string): string {
  return keySql(scopeRow(scope).key, row) ?? `'${EVERYONE}'`
}

/** Undefined where sessions do not have what the key is made of. */
function keySql(claims: readonly KeyClaim[], row: string): string | undefined {
  const parts = claims.map((claim) => columns[claim])
  if (parts.length === 0 || parts.includes(undefined)) return undefined
  return parts.map((column) => `${row}.${String(column)}`).join(` || ' ' || `)
}

/**
 * What the sessions have in common whose end was the raise of a counter. Those with an even lower
 * generation had been ended by the raise before, but for the end of everyone, which leaps.
 *
 * @returns Values by column; undefined where the entry raised no counter that sessions carry: a
 *   session by its name is looked up with many others, and who ends a token, or what a key has
 *   signed, ends no session.
 */
export function endedColumns({
  scope,
  key,
  generation,
}: Pick<Revocation, 'scope' | 'key' | 'generation'>):
  Readonly<Record<string, string | number>> | undefined {
  if (!isSessionCounter(scope)) return undefined
  const names = Object.entries(readKey(scope, key)) as [KeyClaim, string][]
  return {
    ...Object.fromEntries(names.map(([claim, value]) => [columns[claim] ?? claim, value])),
    [generationColumn(scope)]: generation - 1,
  }
}

/**
 * The entries that name a session, of any narrow scope whose key a session has, each as a condition
 * on a row `f` of the log.
 *
 * @param row A row that has a session's columns.
 */
export function namedEndings(row: string): readonly string[] {
  return scopes.flatMap((scope) => {
    const key = keySql(scopeRow(scope).key, row)
    return scopeRow(scope).kind === 'narrow' && key !== undefined
      ? [`f.key = ${key} AND f.scope = '${scope}' AND f.issuer = '' AND f.generation = 0`]
      : []
  })
}

/**
 * The entries that can have ended a session `s`, each as a condition on a row `f` of the log. Of a
 * counter it is the first raise that the session had not seen; of the one that ends everyone it is
 * any, because that one leaps where logouts were lost (`server/after-restore.ts`).
 */
export const endings: readonly string[] = [
  ...namedEndings('s'),
  ...sessionCounters.map(
    (scope) => `f.key = ${counterKey(scope, 's')} AND f.scope = '${scope}'
    AND f.generation ${hasOneKey(scope) ? '>' : '= 1 +'} s.${generationColumn(scope)}`,
  ),
]

/**
 * True for a raise of a counter that some stored session had not seen: it may be what ended that
 * session, and says so for as long as the session is stored. By generations alone: the times of
 * entries and sessions may be those of a wrong clock.
 *
 * @param row A row of the log.
 */
export function endedStored(row: string): string {
  const unseen = sessionCounters.map(
    (scope) => `WHEN '${scope}' THEN EXISTS (SELECT 1 FROM sessions s
      WHERE ${counterKey(scope, 's')} = ${row}.key
        AND s.${generationColumn(scope)} < ${row}.generation)`,
  )
  return `CASE ${row}.scope ${unseen.join(' ')} ELSE FALSE END`
}
