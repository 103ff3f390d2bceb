import type { SurfaceRequest } from './surface.ts'

/** Where a login came from. */
export interface Origin {
  readonly address: string
  readonly userAgent?: string
}

/** What of a request says where it came from. */
export type Caller = Pick<SurfaceRequest, 'clientAddress' | 'header'>

const MAX_USER_AGENT = 256

/**
 * What every session remembers of the request that opened it, among its attributes: people know
 * their devices by it (`/devices`), and operators search by it. The user agent is a claim.
 */
export function cameFrom(request: Caller): Origin {
  const userAgent = request.header('user-agent')?.slice(0, MAX_USER_AGENT)
  return {
    address: request.clientAddress,
    ...(userAgent === undefined ? {} : { userAgent }),
  }
}
