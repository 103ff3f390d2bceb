import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Makes a server of the demo listen at a free port, where a node listens; resolves with its URL. */
export async function listenBeside(server: Server, node: string): Promise<string> {
  const { hostname } = new URL(node)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, hostname.replace(/^\[|\]$/g, ''), resolve)
  })
  const { port } = server.address() as AddressInfo
  return `http://${hostname}:${String(port)}`
}

/** Closes a server at once, with the requests that are under way: a demo that stops owes no answer. */
export async function closeNow(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
