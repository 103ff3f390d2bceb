/**
 * A guarded application of Hono, for Deno and for Bun. It says "listening <port>", and afterwards
 * what it refuses.
 */
import process from 'node:process'
import { Hono } from 'hono'
import { stream, streamSSE, streamText } from 'hono/streaming'
import { createGuard } from 'outright/guard'
import { protect, protectUpgrade } from 'outright/guard/hono'

const { Bun, Deno } = globalThis
const { upgradeWebSocket, websocket } = await (Bun ? import('hono/bun') : import('hono/deno'))

const guard = createGuard({
  server: process.env.OUTRIGHT_URL,
  credential: 'outright-demo-guard',
})
await guard.ready()

const endless = async (written) => {
  await written.write('a piece\n')
  await new Promise(() => undefined)
}

const endlessBody = () =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('a piece\n'))
    },
  })

const echo = () => ({
  onMessage(event, socket) {
    socket.send(String(event.data))
  },
})

const app = new Hono()
// Longer than a test may take: what ends has not waited for it.
app.use(protect(guard, { graceMs: 3_600_000 }))
app.get('/stream', (context) => stream(context, endless))
app.get('/stream-text', (context) => streamText(context, endless))
app.get('/stream-sse', (context) =>
  streamSSE(context, (events) => endless({ write: (data) => events.writeSSE({ data }) })),
)
app.get('/body', (context) => context.body(endlessBody()))
app.get('/known', () => new Response(endlessBody(), { headers: { 'content-length': '1000' } }))
app.get('/whole', (context) => context.json({ a: 'whole' }))
app.get('/echo', upgradeWebSocket(protectUpgrade(guard, echo)))
app.get('/unwatched', upgradeWebSocket(echo))
app.onError(({ message }, context) => {
  process.stdout.write(`${message}\n`)
  return context.text('refused', 500)
})

const listening = (port) => process.stdout.write(`listening ${port}\n`)
const address = { hostname: '127.0.0.1', port: 0 }
if (Bun) listening(Bun.serve({ ...address, fetch: app.fetch, websocket }).port)
else Deno.serve({ ...address, onListen: ({ port }) => listening(port) }, app.fetch)
