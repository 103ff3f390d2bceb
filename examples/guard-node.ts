/**
 * A resource server on `node:http` behind a guard. Start the demo (`npm start`), then `npm run
 * example examples/guard-node.ts`, and ask it with a token that the demo gave you:
 *
 *     curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/orders
 *
 * Environment: `OUTRIGHT_URL` (default the demo's), `GUARD_CREDENTIAL`, `PORT`.
 */
import { createServer } from 'node:http'
import { createGuard } from 'outright/guard'
import { protectListener } from 'outright/guard/node'

const guard = createGuard({
  server: process.env['OUTRIGHT_URL'] ?? 'http://127.0.0.1:8080',
  credential: process.env['GUARD_CREDENTIAL'] ?? 'outright-demo-guard',
  audience: 'demo-api',
  name: 'orders',
})
// Before it listens: so no request is refused because the server has just started.
await guard.ready()

const server = createServer(
  protectListener(guard, (_request, response, claims) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ for: claims.sub }))
  }),
)
const port = Number(process.env['PORT'] ?? 3000)
server.listen(port, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') {
    console.log(`listening on http://127.0.0.1:${String(address.port)}`)
  }
})
process.once('SIGTERM', () => {
  // Gives its lease back, so that no logout waits for it.
  guard.close()
  server.close()
  server.closeAllConnections()
})
