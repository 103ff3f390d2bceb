/** A resource server on `node:http`: without protection, with a guard, or asking about each token. */
import { createServer, Agent, get, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { protect, protectListener } from '../../src/guard/adapters/node.ts'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { answerTasks } from '../http/child.ts'
import { watchTasks } from '../http/watch.ts'

export interface ResourceInput {
  readonly kind: 'bare' | 'guarded' | 'awaited' | 'asking'
  /** Where Outright listens. */
  readonly port: number
  readonly credential: string
}

const BODY = JSON.stringify({ orders: [{ number: 1, state: 'sent' }] })
const HEADERS = {
  'content-type': 'application/json',
  'content-length': String(BODY.length),
} as const

let guard: Guard | undefined

answerTasks({ ...watchTasks(), start }, async () => {
  guard?.close()
})

async function start({ kind, port, credential }: ResourceInput): Promise<number> {
  const server = createServer(await handlerOf(kind, port, credential))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function handlerOf(
  kind: ResourceInput['kind'],
  port: number,
  credential: string,
): Promise<Handler> {
  switch (kind) {
    case 'bare':
      return (_request, response) => {
        orders(response)
      }
    case 'guarded': {
      const own = await startGuard(port, credential)
      return protectListener(own, (_request, response) => {
        orders(response)
      })
    }
    case 'awaited': {
      const own = await startGuard(port, credential)
      return (request, response) => {
        void protect(own, request, response).then((claims) => {
          if (claims) orders(response)
        })
      }
    }
    case 'asking': {
      const agent = new Agent({ keepAlive: true, maxSockets: 64 })
      return (request, response) => {
        const headers = { authorization: request.headers.authorization }
        get({ host: '127.0.0.1', port, path: '/outright/v1/check', headers, agent }, (answer) => {
          answer.resume()
          if (answer.statusCode === 200) orders(response)
          else response.writeHead(401).end()
        })
      }
    }
  }
}

async function startGuard(port: number, credential: string): Promise<Guard> {
  guard = createGuard({ server: `http://127.0.0.1:${String(port)}`, credential })
  await guard.ready()
  return guard
}

function orders(response: ServerResponse): void {
  response.writeHead(200, HEADERS).end(BODY)
}
