/** A TV provider over real HTTP: it keeps what it is told, and answers as a test says. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const MVPD = 'CableCo'
export const SECRET = 'a-secret-of-thirty-two-characters'

/** A message as it arrived. */
export interface Told {
  readonly id: string
  readonly mvpd: string
  readonly userId: string
  readonly requestor: string
  readonly revocationId: string
  readonly atMs: number
  /** The `Outright-Delivery` header. */
  readonly header: string
}

export type Behave = (told: Told, response: ServerResponse, count: number) => void

export interface Provider {
  readonly url: string
  readonly told: readonly Told[]
  /** Whether a message was told so often, and is left without an answer for now. */
  holds(id: string, times: number): boolean
  /** Waits until so many messages came, and a little for more that should not. */
  hears(count: number): Promise<readonly Told[]>
  behave(behave: Behave): void
  close(): Promise<void>
}

export const takes: Behave = (_told, response) => {
  response.writeHead(204).end()
}

export async function openProvider(behave: Behave = takes): Promise<Provider> {
  const told: Told[] = []
  let answer = behave
  const unanswered = new Set<string>()
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Told, 'header'>
      const one = { ...body, header: String(request.headers['outright-delivery']) }
      told.push(one)
      answer(one, response, told.length)
      if (response.writableEnded || response.destroyed) unanswered.delete(one.id)
      else unanswered.add(one.id)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/logged-out`,
    told,
    holds: (id, times) =>
      unanswered.has(id) && told.filter((one) => one.id === id).length === times,
    async hears(count) {
      for (let tries = 0; told.length < count && tries < 12_000; tries++) await sleep(10)
      await sleep(150)
      return told
    },
    behave(other) {
      answer = other
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => {
          resolve()
        })
      }),
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
