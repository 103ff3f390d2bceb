/**
 * A resource server on Hono behind a guard, here on Node. Start the demo (`npm start`), then `npm
 * run example examples/guard-hono.ts`, and ask it with a token that the demo gave you:
 *
 *     curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:3000/orders
 *
 * Environment: `OUTRIGHT_URL` (default the demo's), `GUARD_CREDENTIAL`, `PORT`.
 */
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createGuard } from 'outright/guard'
import { protect, type GuardEnv } from 'outright/guard/hono'

const guard = createGuard({
  server: process.env['OUTRIGHT_URL'] ?? 'http://127.0.0.1:8080',
  credential: process.env['GUARD_CREDENTIAL'] ?? 'outright-demo-guard',
  audience: 'demo-api',
  name: 'orders',
})
// Before it listens: so no request is refused because the server has just started.
await guard.ready()

const app = new Hono<GuardEnv>()
app.get('/orders', protect(guard), (context) => context.json({ for: context.get('claims').sub }))
// Asks for more than a valid token: 403 where `scope` does not name it.
app.get('/admin', protect(guard, { scope: 'orders:admin' }), (context) =>
  context.json({ orders: [] }),
)

const port = Number(process.env['PORT'] ?? 3000)
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address) => {
  console.log(`listening on http://127.0.0.1:${String(address.port)}`)
})
process.once('SIGTERM', () => {
  // Gives its lease back, so that no logout waits for it.
  guard.close()
  server.close()
})
