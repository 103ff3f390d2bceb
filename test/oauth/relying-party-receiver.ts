/** What listens at a `backchannel_logout_uri`. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Received {
  readonly token: string
  readonly contentType: string | undefined
  readonly path: string
}

/** Answers with the statuses that it is given, one for each call, then with 200. */
export class LogoutReceiver {
  readonly received: Received[] = []
  readonly statuses: number[] = []
  readonly #server: Server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
    })
    request.on('end', () => {
      const token = new URLSearchParams(text).get('logout_token') ?? ''
      const contentType = request.headers['content-type']
      this.received.push({ token, contentType, path: request.url ?? '' })
      response.writeHead(this.statuses.shift() ?? 200, { location: 'http://127.0.0.1:1/' })
      response.end('{"error":"invalid_request"}')
    })
  })

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${String(port)}`
  }

  /** Waits until so many have come. */
  async count(wanted: number): Promise<readonly Received[]> {
    const deadline = performance.now() + 120_000
    while (this.received.length < wanted) {
      if (performance.now() > deadline) throw new Error(`only ${String(this.received.length)} came`)
      await sleep(20)
    }
    return this.received
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}
