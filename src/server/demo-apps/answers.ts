import type { RequestListener, ServerResponse } from 'node:http'
import type { Guard } from '../../guard/index.ts'
import { protectListener } from '../../guard/adapters/node.ts'

/** A sign of life on a stream after this much silence. */
const HEARTBEAT_MS = 15_000

/**
 * The page of the playground comes from another port. A token is not a cookie, so any page may
 * call.
 */
const headers = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization',
  'access-control-expose-headers': 'www-authenticate, retry-after',
  'access-control-max-age': '600',
  'timing-allow-origin': '*',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/**
 * What an application of the demo answers: to a request with a good token at `/`, who it is for; at
 * `/live` a stream that goes on until the token's session ends.
 */
export function answerFor(name: string, guard: Guard): RequestListener {
  // Answers itself where the token is not good, and ends the stream when it is good no more.
  const guarded = protectListener(guard, ({ url }, response, { sub }) => {
    if (url === '/live') goOn(response)
    else
      response
        .setHeader('content-type', 'application/json')
        .end(`${JSON.stringify({ app: name, for: sub })}\n`)
  })
  return (request, response) => {
    for (const [header, value] of Object.entries(headers)) response.setHeader(header, value)
    if (request.method === 'OPTIONS') response.writeHead(204).end()
    else if (request.method === 'GET' && paths.has(request.url ?? '')) guarded(request, response)
    else response.writeHead(404).end()
  }
}

const paths: ReadonlySet<string> = new Set(['/', '/live'])

function goOn(response: ServerResponse): void {
  const beat = (): void => {
    response.write(':\n\n')
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  beat()
  const timer = setInterval(beat, HEARTBEAT_MS)
  response.on('close', () => {
    clearInterval(timer)
  })
}
