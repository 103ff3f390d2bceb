import type { ConnectionError } from '../client/index.ts'
import { connectionReason } from '../domain/system-error.ts'

/** That a server did not answer, and why: in words where the client has a code. */
export function describeUnreachable(error: ConnectionError): string {
  const reason = connectionReason(error.cause)
  return reason === undefined ? error.message : `cannot reach ${error.origin}: ${reason}`
}
