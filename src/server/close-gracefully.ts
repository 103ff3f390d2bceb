import type { FastifyInstance } from 'fastify'
import type { Clock } from '../ports/clock.ts'

/** Connections whose last answer has gone out are looked for this often. */
const SWEEP_MS = 50
/** Whoever has not finished a request by then is cut off: a silent peer must not keep a node alive. */
const GRACE_MS = 10_000

/**
 * Stops taking requests, finishes what was accepted, and closes the connections.
 *
 * Closing idle connections once is not enough: one that was in use at that moment stays open behind
 * its answer for as long as keep-alive lasts, and one that never sent a request counts as busy.
 */
export async function closeGracefully(app: FastifyInstance, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + GRACE_MS
  let cancel = clock.after(SWEEP_MS, sweep)
  function sweep(): void {
    if (clock.monotonicMs() < deadlineMs) app.server.closeIdleConnections()
    else app.server.closeAllConnections()
    cancel = clock.after(SWEEP_MS, sweep)
  }
  try {
    await app.close()
  } finally {
    cancel()
  }
}
