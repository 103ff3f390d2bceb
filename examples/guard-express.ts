/**
 * A resource server on Express behind a guard. Start the demo (`npm start`), then `npm run example
 * examples/guard-express.ts`, and ask it with a token that the demo gave you:
 *
 *     curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/orders
 *
 * Environment: `OUTRIGHT_URL` (default the demo's), `GUARD_CREDENTIAL`, `PORT`.
 */
import { createServer } from 'node:http'
import express from 'express'
import { createGuard } from 'outright/guard'
import { claimsOf, protect } from 'outright/guard/express'

const guard = createGuard({
  server: process.env['OUTRIGHT_URL'] ?? 'http://127.0.0.1:8080',
  credential: process.env['GUARD_CREDENTIAL'] ?? 'outright-demo-guard',
  audience: 'demo-api',
  name: 'orders',
})
// Before it listens: so no request is refused because the server has just started.
await guard.ready()

const app = express()
app.get('/orders', protect(guard), (request, response) => {
  response.json({ for: claimsOf(request).sub })
})
// Asks for more than a valid token: 403 where `scope` does not name it.
app.get('/admin', protect(guard, { scope: 'orders:admin' }), (_request, response) => {
  response.json({ orders: [] })
})

const server = createServer(app)
server.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
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
