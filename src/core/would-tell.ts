import type { Revocation } from '../domain/revocation.ts'
import type { Session } from '../domain/session.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * Who would be notified if these sessions ended: asked of the receivers themselves, with an entry
 * that is stored nowhere.
 *
 * @returns `<kind>:<name>`, in their order.
 */
export function wouldTell(
  { receivers }: Pick<CoreDependencies, 'receivers'>,
  target: Pick<Revocation, 'scope' | 'key' | 'issuer'>,
  sessions: readonly Session[],
): readonly string[] {
  const entry: Revocation = { ...nothing, ...target }
  const names = receivers.flatMap((receiver) => {
    const { kind, dialects, issuers = [] } = receiver
    const owed =
      target.issuer === ''
        ? sessions
            .filter(({ dialect }) => dialects.includes(dialect))
            .map((session) => receiver.owes({ entry, session }))
        : issuers.includes(target.issuer)
          ? [receiver.owesForeign?.(entry)]
          : []
    return owed.flatMap((one) => (one === undefined ? [] : [`${kind}:${one.name}`]))
  })
  return [...new Set(names)].toSorted()
}

const nothing: Omit<Revocation, 'scope' | 'key' | 'issuer'> = {
  version: 1,
  id: '',
  generation: 0,
  reason: 'revoked_by_operator',
  actor: '',
  note: '',
  atMs: 0,
  forgetAfterMs: 0,
  cutoffSeconds: 0,
  stream: '',
  sequence: 0,
  previousHash: '',
  hash: '',
}
