import type { WireRevocation } from '../client/index.ts'

/** What ended, as people read it: `maria`, or `maria of https://sso.example` of another issuer. */
export function keyAndIssuer({ key, issuer }: Pick<WireRevocation, 'key' | 'issuer'>): string {
  return issuer === '' ? key : `${key} of ${issuer}`
}
