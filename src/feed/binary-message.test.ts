import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import { WebSocket } from 'ws'
import { binaryMessage } from './binary-message.ts'

const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000]

suite('binaryMessage()', () => {
  test('is what a client reads, at every length of the length', async () => {
    const payloads = lengths.map((length) => Buffer.alloc(length, length % 251))
    const server = createServer((socket) => {
      void greet(socket).then(() => {
        for (const payload of payloads) socket.write(binaryMessage(payload))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = new WebSocket(`ws://127.0.0.1:${String(port)}`)
    const received: Buffer[] = []
    await new Promise<void>((resolve, reject) => {
      client.on('error', reject)
      client.on('message', (data: Buffer, isBinary) => {
        assert.equal(isBinary, true)
        received.push(data)
        if (received.length === payloads.length) resolve()
      })
    })
    for (const [index, payload] of payloads.entries()) assert.ok(payload.equals(received[index]!))
    client.terminate()
    server.close()
  })
})

/** The server's half of the handshake (RFC 6455, section 4.2.2). */
async function greet(socket: Socket): Promise<void> {
  const [head] = (await once(socket, 'data')) as [Buffer]
  const key = /sec-websocket-key: (\S+)/i.exec(head.toString('latin1'))?.[1] ?? ''
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\n\r\n`,
  )
}
