/**
 * Deliveries on their way: when the log is followed, when what is owed is sent, and how much at
 * once. It owns the timers; what each step does is the core's, and what a message looks like its
 * receiver's. Apart from the composition root because it runs for as long as the server does.
 */
import type { Core } from '../../core/core.ts'
import type { CoreDependencies } from '../../core/dependencies.ts'
import type { SettleCommand } from '../../ports/delivery.ts'
import { startPlanning } from './planning.ts'
import { startSending } from './sending.ts'

export interface DeliveringParts {
  readonly core: Core
  readonly dependencies: Pick<CoreDependencies, 'store' | 'clock' | 'random' | 'log' | 'receivers'>
  /** Called with the outcome of each attempt. */
  readonly observe: (receiver: string, state: SettleCommand['state']) => void
}

/** Begins to deliver. What is returned stops it: what is on its way goes back to what is owed. */
export function startDelivering(parts: DeliveringParts): () => Promise<void> {
  const sending = startSending(parts)
  const planning = startPlanning(parts, () => {
    sending.wake()
  })
  return async () => {
    await planning.close()
    await sending.close()
  }
}
