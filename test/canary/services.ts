/**
 * Services as a canary meets them: with a guard, without one, and with each of the mistakes that
 * let a session live on.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { protect, protectUpgrade } from '../../src/guard/adapters/node.ts'

export interface Services {
  /** Host and port. */
  readonly host: string
  /** When something was last sent on each guarded stream, by the wall clock. */
  readonly lastSentMs: readonly number[]
  close(): void
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

function tokenOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1]
}

/** Events that come quickly enough for a test. */
function streamTo(response: ServerResponse, onSent: () => void = () => undefined): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const timer = setInterval(() => {
    if (response.destroyed) return
    response.write('data: x\n\n')
    onSent()
  }, 10)
  response.once('close', () => {
    clearInterval(timer)
  })
}

function routesOf(guard: Guard, lastSentMs: number[]): Readonly<Record<string, Handle>> {
  /** Once the first token was refused, it refuses every one: a guard that has lost its way. */
  let refusesAll = false
  const mixedCounts = new Map<string | undefined, number>()
  const answer = (response: ServerResponse, status: number): void => {
    response.writeHead(status).end('answer')
  }
  return {
    '/guarded': async (request, response) => {
      if (await protect(guard, request, response)) answer(response, 200)
    },
    '/events': async (request, response) => {
      if (!(await protect(guard, request, response))) return
      const at = lastSentMs.push(Date.now()) - 1
      streamTo(response, () => (lastSentMs[at] = Date.now()))
    },
    '/unguarded': (_request, response) => {
      answer(response, 200)
    },
    '/unguarded-events': (_request, response) => {
      streamTo(response)
    },
    // Looks at the token when the stream begins, and never again.
    '/unwatched-events': async (request, response) => {
      const { ok } = await guard.check(tokenOf(request))
      if (ok) streamTo(response)
      else answer(response, 401)
    },
    '/broken': async (request, response) => {
      answer(response, (await guard.check(tokenOf(request))).ok ? 200 : 502)
    },
    '/refuses-all': async (request, response) => {
      refusesAll ||= !(await guard.check(tokenOf(request))).ok
      answer(response, refusesAll ? 401 : 200)
    },
    '/closed': (_request, response) => {
      answer(response, 401)
    },
    // A load balancer with one server that has no guard.
    '/mixed': async (request, response) => {
      const token = tokenOf(request)
      const count = mixedCounts.get(token) ?? 0
      mixedCounts.set(token, count + 1)
      const isGuarded = count % 2 === 0
      const { ok } = await guard.check(token)
      answer(response, isGuarded && !ok ? 401 : 200)
    },
  }
}

/** Starts them all, on one port. */
export async function startServices(server: string): Promise<Services> {
  const guard = createGuard({ server, credential: 'outright-demo-guard', audience: 'demo-api' })
  await guard.ready({ timeoutMs: 60_000 })
  const lastSentMs: number[] = []
  const routes = routesOf(guard, lastSentMs)
  const sockets = new WebSocketServer({ noServer: true })
  const application = createServer((request, response) => {
    const handle = routes[request.url ?? '']
    if (handle) void handle(request, response)
    else response.end('the application\n')
  })
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isGuarded = request.url === '/chat'
    if (isGuarded && !(await protectUpgrade(guard, request, socket, { closeCode: 4401 }))) return
    // Looks at the token when the socket is opened, and never again.
    if (request.url === '/unwatched-chat' && !(await guard.check(tokenOf(request))).ok) {
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (open) => {
      open.on('error', () => undefined)
    })
  }
  application.on('upgrade', (request, socket, head) => {
    void upgrade(request, socket, head)
  })
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve))
  return {
    host: `127.0.0.1:${String((application.address() as AddressInfo).port)}`,
    lastSentMs,
    close() {
      guard.close()
      for (const open of sockets.clients) open.terminate()
      application.closeAllConnections()
      application.close()
    },
  }
}
