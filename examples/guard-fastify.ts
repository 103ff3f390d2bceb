/**
 * A resource server on Fastify behind a guard. Start the demo (`npm start`), then `npm run example
 * examples/guard-fastify.ts`, and ask it with a token that the demo gave you:
 *
 *     curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/orders
 *
 * Environment: `OUTRIGHT_URL` (default the demo's), `GUARD_CREDENTIAL`, `PORT`.
 */
import fastify from 'fastify'
import { createGuard } from 'outright/guard'
import { claimsOf, protect } from 'outright/guard/fastify'

const guard = createGuard({
  server: process.env['OUTRIGHT_URL'] ?? 'http://127.0.0.1:8080',
  credential: process.env['GUARD_CREDENTIAL'] ?? 'outright-demo-guard',
  audience: 'demo-api',
  name: 'orders',
})
// Before it listens: so no request is refused because the server has just started.
await guard.ready()

const app = fastify({ forceCloseConnections: true })
app.get('/orders', { onRequest: protect(guard) }, (request) => ({ for: claimsOf(request).sub }))
// Asks for more than a valid token: 403 where `scope` does not name it.
app.get('/admin', { onRequest: protect(guard, { scope: 'orders:admin' }) }, () => ({ orders: [] }))

const url = await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? 3000) })
console.log(`listening on ${url}`)
process.once('SIGTERM', () => {
  // Gives its lease back, so that no logout waits for it.
  guard.close()
  void app.close()
})
