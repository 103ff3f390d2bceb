/** Peers that take their time. With Node's own timers, and so with short times of the real clock. */
import assert from 'node:assert/strict'
import { connect, type AddressInfo } from 'node:net'
import { after, before, suite, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { systemClock, silentLog } from '../server/system.ts'
import { createApp } from './app.ts'
import { ClientAddresses } from './client-address.ts'
import { problemAnswer } from './problem.ts'

const TIMEOUT_MS = 300

let app: FastifyInstance
let port: number
before(async () => {
  app = createApp({
    mounts: [
      {
        prefix: '',
        host: undefined,
        module: { kind: 'own', name: 'echo', title: 'Echo' },
        surface: {
          owns: () => true,
          routes: [
            {
              method: 'POST',
              path: '/echo',
              operation: {},
              handle: ({ body }) => ({ status: 200, body }),
            },
          ],
          renderFailure: (failure) => ({
            ...problemAnswer(failure),
            body: `echo: ${failure.kind}`,
          }),
        },
      },
    ],
    publicUrl: 'http://127.0.0.1',
    addresses: new ClientAddresses([], silentLog),
    clock: systemClock,
    log: silentLog,
    observe: () => () => undefined,
    requestTimeoutMs: TIMEOUT_MS,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  port = (app.server.address() as AddressInfo).port
})
after(() => app.close())

suite('a request that does not arrive in time is ended', () => {
  test('nothing at all', async () => {
    const { ms } = await trickle('')
    assertInTime(ms)
  })

  test('headers, a byte at a time', async () => {
    const { ms, text } = await trickle('POST /echo HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    assertInTime(ms)
    assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  })

  test('a body, a byte at a time: 408 in the form of the path’s owner', async () => {
    const { ms, text } = await trickle(
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n',
    )
    assertInTime(ms)
    assert.match(text, /^HTTP\/1\.1 408 Request Timeout\r\n/)
    assert.match(text, /connection: close\r\n/i)
    assert.match(text, /\r\n\r\necho: request_timeout$/)
  })
})

test('a machine that is slow to start is waited for', async (context) => {
  const slow = usualApp()
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const begun = new Promise<void>((resolve) => {
    slow.register((_instance, _options, done) => {
      setTimeout(done, 3_600_000)
      resolve()
    })
  })
  const ready = slow.ready()
  await begun
  context.mock.timers.tick(3_600_000)
  await ready
  context.mock.timers.reset()
  await slow.close()
})

test('the times that are written are those that the server keeps', async () => {
  const usual = usualApp()
  assert.deepEqual([usual.server.requestTimeout, usual.server.headersTimeout], [30_000, 30_000])
  await usual.close()
})

function usualApp(): FastifyInstance {
  return createApp({
    mounts: [],
    publicUrl: '',
    addresses: new ClientAddresses([], silentLog),
    clock: systemClock,
    log: silentLog,
    observe: () => () => undefined,
  })
}

/** Sends a beginning and then a byte now and then, until the server has had enough. */
async function trickle(start: string): Promise<{ ms: number; text: string }> {
  const startedMs = performance.now()
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  socket.on('error', () => undefined)
  if (start !== '') socket.write(start)
  const timer = setInterval(() => {
    if (start !== '' && socket.writable) socket.write('a')
  }, 50)
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(timer)
  return { ms: performance.now() - startedMs, text }
}

/** Not before the time, and long before the minute that is Node's own. */
function assertInTime(ms: number): void {
  assert.ok(ms >= TIMEOUT_MS && ms < 30_000, `${ms} ms`)
  const { requestTimeout, headersTimeout } = app.server
  assert.deepEqual([requestTimeout, headersTimeout], [TIMEOUT_MS, TIMEOUT_MS])
}
