import type { Issuer } from '../domain/issuer.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * An issuer whose tokens are accepted here.
 *
 * @param named The operator's name for it, or its `iss`.
 */
export function findIssuer(
  { issuers }: Pick<CoreDependencies, 'issuers'>,
  named: string,
): Issuer | undefined {
  return issuers.find(
    ({ name, issuer, aliases }) => named === name || named === issuer || aliases.includes(named),
  )
}
