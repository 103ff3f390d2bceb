/** WebSockets of strangers, who show no good credential and do not go when they are told to. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { attachFeed } from '../../src/feed/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'

/** Later than the server ends it, and long before a WebSocket server would by itself. */
const SOON_MS = 4_000

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

interface Stubborn {
  /** Of the answer to the upgrade. */
  readonly status: Promise<number>
  /** Resolves when the server has ended it. */
  readonly ended: Promise<void>
  readonly leave: () => void
}

/** Opens a WebSocket and never answers a frame. */
function stubborn({ url = server.url, address = '203.0.113.1' } = {}): Stubborn {
  const { hostname, port } = new URL(url)
  // Half open, so that only the server's end closes it.
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
  socket.write(upgradeOf(address))
  let text = ''
  const status = new Promise<number>((resolve) => {
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      const [, said] = /^HTTP\/1\.1 (\d{3}) /.exec(text) ?? []
      if (said !== undefined) resolve(Number(said))
    })
  })
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      socket.destroy()
      resolve()
    }
    socket.on('end', end).on('error', end)
  })
  return { status, ended, leave: () => socket.destroy() }
}

suite('a WebSocket without a credential', () => {
  test('is ended soon after the close frame, also where the peer ignores it', async () => {
    const { status, ended } = stubborn()
    assert.equal(await status, 101)
    // By a timer of this process, which is not called before one of the server that is due earlier.
    const tooLate = sleep(SOON_MS).then(async () => {
      for (let count = 0; count < 5; count++) await server.call('GET', '/healthz')
      return 'still open'
    })
    assert.equal(await Promise.race([ended, tooLate]), undefined)
  })

  test('is one of a bounded number: the others are told to come again', async () => {
    // None is told whether its credential is good, so that no place becomes free meanwhile.
    const node = createServer()
    attachFeed(node, {
      hub: {} as never,
      authenticate: () => new Promise(() => undefined),
      clock: server.dependencies.clock,
      addressOf: ({ headers }) => String(headers['x-forwarded-for']),
    })
    node.listen(0, '127.0.0.1')
    await once(node, 'listening')
    const url = `http://127.0.0.1:${(node.address() as AddressInfo).port}`
    const open = (_: unknown, number: number) =>
      stubborn({ url, address: `198.51.100.${number % 250}` })
    const all = Array.from({ length: 400 }, open)
    const statuses = await Promise.all(all.map(({ status }) => status))
    const served = statuses.filter((status) => status === 101).length
    assert.ok(served >= 1 && served <= 300, `${served} of 400`)
    assert.ok(statuses.every((status) => status === 101 || status === 503))
    // A place that becomes free is given again.
    for (const one of all) one.leave()
    let late = open(undefined, 0)
    while ((await late.status) !== 101) late = open(undefined, 0)
    late.leave()
    node.close()
  })

  test('of one caller is one of a few, though it has many addresses: others find a place', async () => {
    const deadlineMs = performance.now() + 60_000
    let other: Stubborn | undefined
    // On a slow machine the first may have ended before the last comes: then all find a place.
    while (other === undefined && performance.now() < deadlineMs) {
      const own = Array.from({ length: 80 }, async (_, number) => {
        const one = stubborn({ address: `2001:db8:1:2::${number + 1}` })
        if ((await one.status) === 503) other ??= stubborn({ address: '2001:db8:1:3::1' })
      })
      await Promise.all(own)
    }
    assert.equal(await other?.status, 101)
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
