import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'

/** Below the ports that Linux gives to `listen(0)` and to outgoing connections by default. */
const LOWEST_PORT = 10_240
const HIGHEST_PORT = 32_767

/**
 * A port of 127.0.0.1 for a server that must know its address before it listens.
 *
 * The system gives none of these by itself, so that nothing that runs beside takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer()
  return new Promise((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    probe.listen(port, '127.0.0.1', () => {
      probe.close(() => {
        resolve(true)
      })
    })
  })
}
