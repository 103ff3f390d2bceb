import { refuse } from '../../../domain/failure.ts'
import type { Client } from '../../../domain/identity.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import { problemManners } from '../../problem-response.ts'
import { fields, optional, repeatable, text } from '../../schema.ts'
import { readCaller } from './caller.ts'
import { passRefuse, registrationCodeUnknown } from './errors.ts'
import { startLogin } from './login.ts'
import { required } from './parse.ts'
import { providerOf, type Pass } from './pass.ts'
import { domainsOf, redirectAddress } from './redirect.ts'
import { findRegistrationCode } from './registration-code.ts'
import { error, errors, mvpd, requestor, security } from './wire.ts'

const MAX_DOMAIN_LENGTH = 256
/** Mandatory on the vendor's page; only `strict` insists. */
const residual = ['domain_name', 'noflash', 'no_iframe', 'redirect_url'] as const

const route = routesWith({
  ...problemManners,
  areParametersLenient: true,
  readParameters: ({ query }) => mendRegistrationCode(query),
})

const ignored = optional(text(4096, { description: 'Residual; accepted and not looked at' }))

const query = fields({
  reg_code: text(64, {
    description:
      'The registration code; best sent first, because some browsers read &reg as an entity',
  }),
  requestor_id: requestor,
  mso_id: mvpd,
  domain_name: optional(
    text(4096, {
      description: 'Where the second screen is; one of the requestor’s domains where it lists them',
    }),
  ),
  noflash: ignored,
  no_iframe: ignored,
  generic_data: optional(repeatable({ description: 'What a promotional pass is limited to' })),
  redirect_url: optional(
    text(4096, { description: 'Where the browser comes back to; http or https' }),
  ),
})

/**
 * `GET /api/v1/authenticate` [F]: the second screen chose a provider; 302 to the provider's login
 * page.
 *
 * 1. The registration code must be good for that requestor, the provider must work with it: else 400.
 * 2. `redirect_url`, to which the browser comes back at the end, must be http or https and in one of
 *    the requestor's `domains`: else this would send viewers wherever a link says. The demo alone
 *    allows any address to a requestor that has none.
 * 3. A login is stored under a new, unguessable `state`, which the provider's assertion must carry.
 */
export function authenticateRoute(pass: Pass): Route {
  return route(
    {
      method: 'GET',
      path: '/api/v1/authenticate',
      summary: 'Send a second screen to its provider’s login page',
      security,
      query,
      responses: {
        302: { description: 'To the login page' },
        400: error('Code, provider or address is not valid'),
        ...errors,
      },
    },
    async (call) => {
      const caller = await readCaller(pass, call.request, {
        requestor: () => call.query('requestor_id'),
        requestorParameter: 'requestor_id',
      })
      if (pass.options.strict) for (const name of residual) required(call.query(name), name)
      const code = call.query('reg_code')
      const provider = providerOf(pass, caller, call.query('mso_id'))
      checkDomain(caller, call.query('domain_name'))
      const given = call.query('redirect_url')
      // Without one a page says that all is done.
      const redirect =
        given === undefined
          ? undefined
          : redirectAddress(pass, caller, { parameter: 'redirect_url', given })
      const record =
        (await findRegistrationCode(pass, caller.id, code)) ?? passRefuse(registrationCodeUnknown)
      const location = await startLogin(pass, { requestor: caller, record, provider, redirect })
      return call.empty(302, { headers: { location, 'referrer-policy': 'no-referrer' } })
    },
  )
}

/**
 * Some browsers read `&reg` in `…&reg_code=…` as the entity `®`, so that the code arrives inside
 * the parameter before it. The vendor's note tells clients to fix it; here it is fixed.
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

function checkDomain(requestor: Client, domain: string | undefined): void {
  if (domain === undefined) return
  const domains = domainsOf(requestor) ?? [domain]
  if (domain.length <= MAX_DOMAIN_LENGTH && domains.includes(domain)) return
  refuse({ kind: 'invalid_parameter', parameter: 'domain_name', reason: 'it is not registered' })
}
