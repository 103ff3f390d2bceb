/**
 * A resource server with a guard, as a process of its own that tests freeze and kill: `node
 * guard-child.ts <server> <credential> <name>`. Prints its URL when it listens, and then whether
 * the guard became ready.
 *
 * - `GET /verdict`: what `check` says of the bearer token, without an adapter.
 * - `GET /status`: the guard's status.
 * - `GET /hello`, `GET /events`, and WebSockets: behind the adapter for `node:http`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { protect, protectUpgrade } from '../../../src/guard/adapters/node.ts'
import { createGuard } from '../../../src/guard/index.ts'

const TICK_MS = 50

const [server = '', credential = '', name = ''] = process.argv.slice(2)
const guard = createGuard({ server, credential, name, audience: 'demo-api' })

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/verdict') {
    const token = request.headers.authorization?.slice('Bearer '.length)
    response.end(JSON.stringify(await guard.check(token)))
  } else if (request.url === '/status') {
    response.end(JSON.stringify(guard.status()))
  } else {
    const claims = await protect(guard, request, response)
    if (!claims) return
    if (request.url !== '/events') response.end(`hello ${claims.sub}`)
    else {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const timer = setInterval(() => response.write('data: tick\n\n'), TICK_MS)
      response.on('close', () => {
        clearInterval(timer)
      })
    }
  }
}

const http = createServer((request, response) => {
  void answer(request, response)
})
const sockets = new WebSocketServer({ noServer: true })
sockets.on('connection', (socket) => {
  socket.on('error', () => undefined)
  socket.on('message', (text) => {
    socket.send(text)
  })
})
http.on('upgrade', (request, socket, head) => {
  void protectUpgrade(guard, request, socket).then((claims) => {
    if (claims)
      sockets.handleUpgrade(request, socket, head, (open) => sockets.emit('connection', open))
  })
})
http.listen(0, '127.0.0.1', () => {
  say(`http://127.0.0.1:${String((http.address() as AddressInfo).port)}`)
  guard.ready().then(
    () => {
      say('ready')
    },
    (error: unknown) => {
      say(String(error))
    },
  )
})

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
