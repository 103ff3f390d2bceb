/**
 * An event stream behind a guard: the time, every second, until the session is logged out. Start
 * the demo (`npm start`), then `npm run example examples/guard-sse.ts`, and follow it with a token
 * that the demo gave you; log out in another terminal, and it ends:
 *
 *     curl -N -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/
 *
 * Environment: `OUTRIGHT_URL` (default the demo's), `GUARD_CREDENTIAL`, `PORT`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createGuard } from 'outright/guard'
import { protect } from 'outright/guard/node'

const guard = createGuard({
  server: process.env['OUTRIGHT_URL'] ?? 'http://127.0.0.1:8080',
  credential: process.env['GUARD_CREDENTIAL'] ?? 'outright-demo-guard',
  audience: 'demo-api',
  name: 'clock',
})
await guard.ready()

async function follow(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // From here on the adapter watches: nothing below has to know of logouts.
  const claims = await protect(guard, request, response)
  if (!claims) return
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const tell = (): void => {
    response.write(`data: ${new Date().toISOString()}\n\n`)
  }
  tell()
  const timer = setInterval(tell, 1000)
  response.once('close', () => {
    clearInterval(timer)
  })
}

const server = createServer((request, response) => {
  void follow(request, response)
})
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') {
    console.log(`listening on http://127.0.0.1:${String(address.port)}`)
  }
})
process.once('SIGTERM', () => {
  guard.close()
  server.close()
  server.closeAllConnections()
})
