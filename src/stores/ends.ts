/** Which sessions an entry of the log ended, in terms of their columns. */
import type { Revocation } from '../domain/revocation.ts'
import { readGrantKey } from '../domain/scope.ts'

/**
 * What the sessions have in common whose end was the raise of a counter. Those with an even lower
 * generation had been ended by the raise before.
 *
 * @returns Values by column; undefined where the entry raised no counter that sessions carry.
 */
export function endedColumns({
  scope,
  key,
  generation,
}: Pick<Revocation, 'scope' | 'key' | 'generation'>):
  Readonly<Record<string, string | number>> | undefined {
  const before = generation - 1
  switch (scope) {
    case 'subject':
      return { subject_id: key, subject_generation: before }
    case 'client':
      return { client_id: key, client_generation: before }
    case 'device':
      return { device_key: key, device_generation: before }
    case 'grant': {
      const { clientId, subjectId } = readGrantKey(key)
      return { client_id: clientId, subject_id: subjectId, grant_generation: before }
    }
    case 'everyone':
      return { everyone_generation: before }
    // A session by its name is looked up with many others. Who ends a token, or what a key has
    // signed, ends no session.
    case 'session':
    case 'token':
    case 'signing_key':
      return undefined
  }
}

/**
 * The entries that can have ended a session `s`, each as a condition on a row `f` of the log. Of a
 * counter it is the first raise that the session had not seen.
 */
export const endings: readonly string[] = [
  `f.key = s.sid AND f.scope = 'session' AND f.generation = 0`,
  `f.key = '*' AND f.scope = 'everyone' AND f.generation = s.everyone_generation + 1`,
  `f.key = s.subject_id AND f.scope = 'subject' AND f.generation = s.subject_generation + 1`,
  `f.key = s.client_id AND f.scope = 'client' AND f.generation = s.client_generation + 1`,
  `f.key = s.client_id || ' ' || s.subject_id AND f.scope = 'grant'
    AND f.generation = s.grant_generation + 1`,
  `f.key = s.device_key AND f.scope = 'device' AND f.generation = s.device_generation + 1`,
]
