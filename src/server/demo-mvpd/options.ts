import type { Clock } from '../../ports/clock.ts'
import type { Random } from '../../ports/random.ts'
import type { TicketStore } from '../../ports/ticket.ts'

export interface DemoMvpdOptions {
  readonly store: TicketStore
  readonly clock: Clock
  readonly random: Random
  /** Public URL of the installation, without a slash at the end. */
  readonly publicUrl: string
  /** Public URL of the Adobe Pass dialect's root: the audience of assertions. */
  readonly passUrl: string
  /** Shared with the dialect; at least 32 characters. */
  readonly secret: string
}

/** The provider's id: `mso_id` on the wire. */
export const DEMO_MVPD = 'DemoMVPD'
/** Path before all of its routes. */
export const DEMO_MVPD_PREFIX = '/demo/mvpd'
