import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { OtpSender } from '../ports/otp-sender.ts'
import type { Random } from '../ports/random.ts'
import type { DemoServersView } from './demo-servers.ts'
import type { SweepingTimes } from './sweeping.ts'

/** What of the world is given to a composition, so that tests can give another. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly otpSender: OtpSender
  /** How many lines of the log could not be written; 0 for ever where it is not given. */
  readonly lostLogLines?: () => number
  /** The demo's servers beside this one; none where it is not given. */
  readonly demoServers?: DemoServersView
  /** See `openTimekeeper`. */
  readonly databaseAheadMs?: () => number
  /** How often what has expired is removed; as `sweeping.ts` says where it is not given. */
  readonly sweepingTimes?: SweepingTimes
}
