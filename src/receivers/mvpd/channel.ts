/** What the ways to tell a TV provider have in common: the shape of each file, and their answers. */
import type { SendOutcome } from '../../ports/delivery.ts'
import type { Exchange } from '../exchange.ts'

/** Whose session ended, as it is stored in a delivery. No secrets: operators can read it. */
export interface ViewerFacts {
  readonly mvpd: string
  readonly userId: string
  readonly requestor: string
  readonly revocationId: string
  readonly atMs: number
  /** What the provider said at the login, as far as its logout is made of it. */
  readonly claims?: Readonly<Record<string, string>>
}

/** A message that is to be sent now. */
export interface ViewerLogout {
  /** The same at each attempt. */
  readonly id: string
  readonly facts: ViewerFacts
  readonly signal: AbortSignal
}

export interface ChannelWorld {
  readonly exchange: Exchange
  readonly nowMs: () => number
  /** An id that was never used before. */
  readonly newId: () => string
  /** Shared with the provider. */
  readonly secret: string
  /** Where an RP-initiated logout comes back to. */
  readonly returnUrl: string
}

/** Tells one provider. */
export type TellProvider = (logout: ViewerLogout) => Promise<SendOutcome>

export const formHeaders: Readonly<Record<string, string>> = {
  'content-type': 'application/x-www-form-urlencoded',
}

/** What cannot be sent, however often it is tried. */
export function impossible(error: string): SendOutcome {
  return { kind: 'refused', error }
}
