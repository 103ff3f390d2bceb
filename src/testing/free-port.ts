import { createServer, type Server } from 'node:net'
import { randomInt } from 'node:crypto'

/** Below the ports that Linux gives to `listen(0)` and to outgoing connections by default. */
const LOWEST_PORT = 10_240
const HIGHEST_PORT = 32_767

/**
 * A port of 127.0.0.1 for a server that must know its address before it listens.
 *
 * The system gives none of these by itself, and no two processes that call this get the same one:
 * nothing that runs beside takes it meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1)
    // A name that Linux keeps for as long as this process lives, and writes to no disk.
    const claim = await taken(`\0outright-port-${String(port)}`)
    if (claim === undefined) continue
    claim.unref()
    const probe = await taken(port)
    if (probe === undefined) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}

/** @returns Undefined where somebody else has it. */
function taken(at: number | string): Promise<Server | undefined> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    const where = typeof at === 'number' ? { port: at, host: '127.0.0.1' } : { path: at }
    server.listen(where, () => {
      resolve(server)
    })
  })
}
