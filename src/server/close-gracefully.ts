import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '../ports/clock.ts'

/** Connections that have become idle are looked for this often. */
const SWEEP_MS = 50
/** A request that has not finished by then is cut off: a slow peer must not keep a node alive. */
const GRACE_MS = 10_000

/**
 * Prepares an application for being stopped.
 *
 * Closing idle connections once, as the framework does, is not enough: one that was in use at that
 * moment stays open behind its answer for as long as keep-alive lasts, and one that was opened
 * ahead of any request, as browsers do, never counts as idle.
 *
 * @param app Before it listens.
 * @returns Stops taking requests, finishes what was accepted, and closes every connection.
 */
export function gracefulClose(app: FastifyInstance, clock: Clock): () => Promise<void> {
  const { server } = app
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return async () => {
    const deadlineMs = clock.monotonicMs() + GRACE_MS
    let cancel = clock.after(0, sweep)
    function sweep(): void {
      if (clock.monotonicMs() < deadlineMs) {
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
        server.closeIdleConnections()
      } else {
        server.closeAllConnections()
      }
      cancel = clock.after(SWEEP_MS, sweep)
    }
    try {
      await app.close()
    } finally {
      cancel()
    }
  }
}
