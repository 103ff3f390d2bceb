import type { DialectRequest } from '../../dialect.ts'

/**
 * The headers by which browsers let second screens call the API, as the vendor's answers carry
 * them, and those of the receipt. None of the calls reads a cookie, so any origin may make them.
 */
export function corsHeaders(request: DialectRequest): Readonly<Record<string, string>> {
  const origin = request.header('origin')
  return {
    ...(origin === undefined ? {} : { 'access-control-allow-origin': origin }),
    vary: 'Origin',
    'access-control-allow-credentials': 'true',
    'access-control-allow-methods': 'POST,GET,OPTIONS,DELETE',
    'access-control-allow-headers':
      'ap_11,ap_42,ap_z,ap_19,ap_21,ap_23,authorization,content-type,pass_sfp,AP-Session-Identifier,AP-Device-Identifier,AP-SDK-Identifier,X-Device-Info,Prefer',
    'access-control-expose-headers':
      'pass_sfp,Authzf-Error-Code,Authzf-Sub-Error-Code,Authzf-Error-Details,Outright-Revocation,Outright-Confirmed,Preference-Applied',
  }
}
