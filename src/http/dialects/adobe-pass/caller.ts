import type { Client } from '../../../domain/identity.ts'
import { refuse } from '../../../domain/failure.ts'
import type { SurfaceRequest } from '../../surface.ts'
import { findRequestor, readAccess } from './access.ts'
import { readParameters } from './parse.ts'
import type { Pass } from './pass.ts'

export interface CallerRules {
  /** Reads what the request says, which is after its credentials are found good. */
  readonly requestor: () => string | undefined
  /** What errors call it. Default `requestor`. */
  readonly requestorParameter?: string
  /** True: a requestor that is disabled may still make the call. Default false. */
  readonly evenDisabled?: boolean
}

/**
 * Reads and checks what every call has: credentials first, then requestor.
 *
 * @throws {Refusal} See `readAccess` and `findRequestor`; `malformed_request`, `account_disabled`.
 */
export async function readCaller(
  pass: Pass,
  request: SurfaceRequest,
  rules: CallerRules,
): Promise<Client> {
  const access = await readAccess(pass, request)
  // A form that is broken is refused before anything else is said of the call.
  readParameters(request)
  const named = rules.requestor()
  const requestor = await findRequestor(pass, access, named, rules.requestorParameter)
  if (requestor.status === 'disabled' && rules.evenDisabled !== true) {
    return refuse({ kind: 'account_disabled' })
  }
  return requestor
}
