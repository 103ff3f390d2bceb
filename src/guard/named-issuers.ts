import type { OtherIssuers } from '../verifier/other-issuers.ts'

/** The issuers that the server accepts; only those among them that the guard's option names. */
export function namedIssuers(
  issuers: OtherIssuers,
  names: readonly string[] | undefined,
): OtherIssuers {
  if (names === undefined) return issuers
  return {
    async find(iss) {
      if (names.length === 0) return undefined
      const found = await issuers.find(iss)
      const isNamed =
        found && [found.terms.name, found.terms.issuer].some((one) => names.includes(one))
      return isNamed === true ? found : undefined
    },
    seen: (token) => issuers.seen?.(token),
  }
}
