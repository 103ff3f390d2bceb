import type { Core } from '../core/core.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Random } from '../ports/random.ts'
import type { NodeView } from './node-view.ts'

/** What every surface is made from. */
export interface SurfaceContext {
  readonly core: Core
  readonly node: NodeView
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** The public URL, without a slash at the end. */
  readonly issuer: string
  /** Path before all of the surface's own, without a slash at the end; empty at the origin's root. */
  readonly prefix: string
  /** Multiplies every documented rate limit. */
  readonly rateLimitFactor: number
  /** True with the demo identities, and only then. */
  readonly demo: boolean
}
