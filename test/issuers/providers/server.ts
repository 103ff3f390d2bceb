/** A provider of a test: answers calls as its product documents them, and writes them down. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

export interface Heard {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export interface Said {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

export interface ProviderServer {
  readonly url: string
  readonly heard: Heard[]
  /** Answers in place of the product's own, the first first. */
  readonly instead: Said[]
  close(): Promise<void>
}

/** @param answer What the product answers to a call; undefined: it has no such call. */
export async function startProvider(
  answer: (heard: Heard) => Said | undefined | Promise<Said | undefined>,
): Promise<ProviderServer> {
  const heard: Heard[] = []
  const instead: Said[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
      const { method = '', url: path = '' } = request
      const headers = request.headers as Heard['headers']
      const call = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') }
      heard.push(call)
      const said = instead.shift() ?? (await answer(call)) ?? { status: 418 }
      response.writeHead(said.status, { 'content-type': 'application/json', ...said.headers })
      response.end(said.body === undefined ? undefined : JSON.stringify(said.body))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${String(port)}`,
    heard,
    instead,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** `POST /users`, say, of each call. */
export function callsOf({ heard }: ProviderServer): readonly string[] {
  return heard.map(({ method, path }) => `${method} ${path}`)
}
