import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import { singleParameter } from '../../body.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { readCaller } from './caller.ts'
import { passRefuse, registrationCodeUnknown } from './errors.ts'
import { startLogin } from './login.ts'
import { requiredParameter } from './parse.ts'
import { providerOf, type Pass } from './pass.ts'
import { findRegistrationCode } from './registration-code.ts'

const MAX_REDIRECT_LENGTH = 4096
/** Mandatory on the vendor's page; only `strict` insists. */
const residual = ['domain_name', 'noflash', 'no_iframe', 'redirect_url']

/**
 * `GET /api/v1/authenticate` [F]: the second screen chose a provider; 302 to the provider's login
 * page.
 *
 * 1. The registration code must be good for that requestor, the provider must work with it: else 400.
 * 2. `redirect_url`, to which the browser comes back at the end, must be http or https and in one of
 *    the requestor's `domains`: else this would send viewers wherever a link says. The demo alone
 *    allows any address to a requestor that has none.
 * 3. A login is stored under a new, unguessable `state`, which the provider's assertion must carry.
 *
 * @throws {Refusal} `missing_parameter`, `invalid_parameter`.
 * @throws {PassRefusal} `invalid_parameter_code`, `unknown_integration`.
 */
export async function authenticate(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { requestor, parameters } = await readCaller(pass, request, {
    requestorParameter: 'requestor_id',
    parameters: mendRegistrationCode(request.query),
  })
  if (pass.options.strict) for (const name of residual) requiredParameter(parameters, name, 4096)
  const code = requiredParameter(parameters, 'reg_code', 64)
  const provider = providerOf(pass, requestor, requiredParameter(parameters, 'mso_id', 64))
  checkDomain(requestor, singleParameter(parameters, 'domain_name', 256))
  const redirect = readRedirect(pass, requestor, parameters)
  const record =
    (await findRegistrationCode(pass, requestor.id, code)) ?? passRefuse(registrationCodeUnknown)
  const location = await startLogin(pass, { requestor, record, provider, redirect })
  return { status: 302, headers: { location, 'referrer-policy': 'no-referrer' } }
}

/**
 * Some browsers read `&reg` in `…&reg_code=…` as the entity `®`, so that the code arrives inside
 * the parameter before it. The vendor's note tells clients to mend it; here it is mended.
 */
function mendRegistrationCode(query: URLSearchParams): URLSearchParams {
  if (query.has('reg_code')) return query
  const mended = new URLSearchParams()
  for (const [name, value] of query) {
    const inName = /^\u00C2?\u00AE_code$|^\uFFFD_code$|^reg;_code$/.test(name)
    const inValue = /^([^]*?)(?:\u00C2?\u00AE|\uFFFD|&?reg;)_code=([^]*)$/.exec(value)
    if (inName) mended.append('reg_code', value)
    else if (inValue === null) mended.append(name, value)
    else {
      mended.append(name, inValue[1] ?? '')
      mended.append('reg_code', inValue[2] ?? '')
    }
  }
  return mended
}

function domainsOf(requestor: Client): readonly string[] | undefined {
  const domains = requestor.attributes['domains']
  return Array.isArray(domains) ? domains.map(String) : undefined
}

function checkDomain(requestor: Client, domain: string | undefined): void {
  const domains = domainsOf(requestor)
  if (domain === undefined || domains === undefined || domains.includes(domain)) return
  refuse({ kind: 'invalid_parameter', parameter: 'domain_name', reason: 'it is not registered' })
}

/** The address to come back to; undefined where there is none and a page says that all is done. */
function readRedirect(
  pass: Pass,
  requestor: Client,
  parameters: URLSearchParams,
): string | undefined {
  const parameter = 'redirect_url'
  const text = singleParameter(parameters, parameter, MAX_REDIRECT_LENGTH)
  if (text === undefined) return undefined
  const url = URL.parse(text)
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:'
  const domains = domainsOf(requestor)
  const isRegistered =
    domains?.some((domain) => url?.hostname === domain || url?.hostname.endsWith(`.${domain}`)) ??
    pass.demo
  // With a name before the host, an address looks like one place and leads to another.
  const isPlain = url?.username === '' && url.password === ''
  if (url !== null && isWeb && isPlain && isRegistered) return url.href
  return refuse({ kind: 'invalid_parameter', parameter, reason: 'it is not an allowed address' })
}
