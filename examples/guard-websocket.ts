/**
 * WebSockets behind a guard: an echo that ends the moment its session is logged out. Start the demo
 * (`npm start`), then `npm run example examples/guard-websocket.ts`. Clients that can set headers
 * send `Authorization: Bearer …`; browsers cannot, so the token may be in the cookie `token` as
 * well.
 *
 * Environment: `OUTRIGHT_URL` (default the demo's), `GUARD_CREDENTIAL`, `PORT`.
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { createGuard } from 'outright/guard'
import { protectUpgrade } from 'outright/guard/node'
import { WebSocketServer } from 'ws'

const guard = createGuard({
  server: process.env['OUTRIGHT_URL'] ?? 'http://127.0.0.1:8080',
  credential: process.env['GUARD_CREDENTIAL'] ?? 'outright-demo-guard',
  audience: 'demo-api',
  name: 'echo',
})
await guard.ready()

const sockets = new WebSocketServer({ noServer: true, maxPayload: 65_536 })

/** Where the token is. A cookie travels with every page's WebSocket: check `Origin` with it. */
function tokenOf({ headers }: IncomingMessage): string | undefined {
  const [scheme, token] = headers.authorization?.split(' ') ?? []
  if (scheme === 'Bearer') return token
  if (headers.origin !== process.env['ORIGIN']) return undefined
  return /(?:^|; )token=([^;]+)/.exec(headers.cookie ?? '')?.[1]
}

async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  // Refused and closed already where there are no claims; closed with 4401 when they are revoked.
  const claims = await protectUpgrade(guard, request, socket, { tokenOf, closeCode: 4401 })
  if (!claims) return
  sockets.handleUpgrade(request, socket, head, (open) => {
    open.on('error', () => undefined)
    open.on('message', (message, isBinary) => {
      open.send(message, { binary: isBinary })
    })
  })
}

const server = createServer((_request, response) => {
  response.writeHead(426, { upgrade: 'websocket' }).end()
})
server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
  void upgrade(request, socket, head)
})
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') {
    console.log(`listening on http://127.0.0.1:${String(address.port)}`)
  }
})
process.once('SIGTERM', () => {
  guard.close()
  for (const open of sockets.clients) open.terminate()
  server.close()
})
