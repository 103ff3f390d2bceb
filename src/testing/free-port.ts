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
    if (!(await claim(port))) continue
    const probe = await taken(port)
    if (probe === undefined) continue
    await new Promise((resolve) => probe.close(resolve))
    return port
  }
}

/**
 * False where it was claimed before. The claim is a name that Linux keeps for as long as this
 * process lives, and writes to no disk.
 */
async function claim(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const held = await taken(`\0outright-port-${String(port)}`)
  held?.unref()
  return held !== undefined
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
