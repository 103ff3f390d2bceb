/** WebSockets of strangers, who show no good credential and do not go when they are told to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
before(async () => {
  server = await startTestServer({ oneNode: true, config: { trustedProxies: ['127.0.0.1'] } })
})
after(() => server.close())

const nameless = [
  'GET /outright/v1/feed HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
/** From a caller behind the proxy. */
const upgradeOf = (address: string): string =>
  [
    ...nameless,
    'Sec-WebSocket-Protocol: outright.feed.v2',
    `X-Forwarded-For: ${address}`,
    '',
    '',
  ].join('\r\n')
/** Offers no subprotocol, so that it is refused. */
const refused = [...nameless, '', ''].join('\r\n')

interface Ended {
  readonly ms: number
  /** Of the answer to the upgrade. */
  readonly status: number
}

interface Habits {
  readonly address?: string
  readonly onServed?: () => void
  readonly onEnded?: () => void
}

/** Opens a WebSocket and never answers a frame. Resolves when the server has ended it. */
function stubborn({ address = '203.0.113.1', onServed, onEnded }: Habits = {}): Promise<Ended> {
  const { hostname, port } = new URL(server.url)
  const startedMs = performance.now()
  return new Promise((resolve) => {
    let text = ''
    // Half open, so that only the server's end closes it.
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    socket.write(upgradeOf(address))
    let isServed = false
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      if (isServed || !text.startsWith('HTTP/1.1 101 ')) return
      isServed = true
      onServed?.()
    })
    const end = (): void => {
      socket.destroy()
      if (isServed) onEnded?.()
      isServed = false
      resolve({ ms: performance.now() - startedMs, status: Number(text.split(' ')[1]) })
    }
    socket.on('end', end).on('error', end)
  })
}

suite('a WebSocket without a credential', () => {
  test('is ended soon after the close frame, also where the peer ignores it', async () => {
    const { ms, status } = await stubborn()
    assert.equal(status, 101)
    assert.ok(ms < 5000, `${ms} ms`)
  })

  test('is one of a bounded number: the others are told to come again', async () => {
    let open = 0
    let mostOpen = 0
    const one = (_: unknown, number: number): Promise<Ended> =>
      stubborn({
        address: `198.51.100.${number % 250}`,
        onServed() {
          mostOpen = Math.max(mostOpen, ++open)
        },
        onEnded() {
          open--
        },
      })
    const ended = await Promise.all(Array.from({ length: 400 }, one))
    // A place that becomes free is given again, so on a slow machine more are served than at once.
    const served = ended.filter(({ status }) => status === 101).length
    assert.ok(served >= 1 && served < 400, `${served} of 400`)
    assert.ok(mostOpen <= 300, `${mostOpen} at once`)
    assert.ok(ended.every(({ status }) => status === 101 || status === 503))
    assert.ok(ended.every(({ ms }) => ms < 10_000))
    const { status } = await stubborn()
    assert.equal(status, 101)
  })

  test('of one caller is one of a few, though it has many addresses: others find a place', async () => {
    const deadlineMs = performance.now() + 60_000
    let other: Promise<Ended> | undefined
    // On a slow machine the first may have ended before the last comes: then all found a place.
    while (other === undefined && performance.now() < deadlineMs) {
      const own = Array.from({ length: 80 }, async (_, number) => {
        const { status } = await stubborn({ address: `2001:db8:1:2::${number + 1}` })
        if (status === 503) other ??= stubborn({ address: '2001:db8:1:3::1' })
      })
      await Promise.all(own)
    }
    assert.equal((await other)?.status, 101)
  })
})

suite('an upgrade that is refused', () => {
  /** Half open, so that only the server's end closes it. */
  async function open(): Promise<Socket> {
    const { hostname, port } = new URL(server.url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    socket.on('error', () => undefined)
    socket.write(refused)
    await once(socket, 'connect')
    return socket
  }

  test('ends its connection, also where the peer does not close its side', async () => {
    const socket = await open()
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 400 /)
    // What is sent to a closed socket comes back as a reset.
    const writing = setInterval(() => socket.write('x'), 100)
    await new Promise((resolve) => socket.once('close', resolve))
    clearInterval(writing)
  })

  test('does not end the process where the peer resets the connection', async (t) => {
    // The test runner takes what nothing has caught for a diagnostic.
    const uncaught: unknown[] = []
    const keep = (error: unknown): number => uncaught.push(error)
    process.on('uncaughtException', keep)
    t.after(() => process.off('uncaughtException', keep))
    for (let number = 0; number < 10; number++) {
      const socket = await open()
      if (number % 2 === 0) await once(socket, 'data')
      socket.resetAndDestroy()
    }
    assert.equal((await server.call('GET', '/readyz')).status, 200)
    assert.deepEqual(uncaught, [])
  })
})
