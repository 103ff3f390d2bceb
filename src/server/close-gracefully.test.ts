import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Clock } from '../ports/clock.ts'
import { gracefulClose } from './close-gracefully.ts'

/** Time stands still until it is moved; what is due comes soon, so that sweeping goes on. */
function steppedClock(): Clock & { move(ms: number): void } {
  let nowMs = 0
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(_delayMs, callback) {
      const timer = setImmediate(callback)
      return () => {
        clearImmediate(timer)
      }
    },
    move(ms) {
      nowMs += ms
    },
  }
}

async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  return (app.server.address() as AddressInfo).port
}

suite('gracefulClose()', () => {
  test('finishes what was accepted and does not wait for keep-alive', async () => {
    const app = Fastify({ forceCloseConnections: 'idle' })
    const accepted = Promise.withResolvers<undefined>()
    const release = Promise.withResolvers<undefined>()
    app.get('/', async () => {
      accepted.resolve(undefined)
      await release.promise
      return 'finished'
    })
    const close = gracefulClose(app, steppedClock())
    const port = await listening(app)
    const agent = new Agent({ keepAlive: true })
    const outgoing = request({ host: '127.0.0.1', port, agent }).end()
    await accepted.promise
    const closed = close()
    release.resolve(undefined)
    const [incoming] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>]
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    assert.equal(Buffer.concat(chunks).toString(), 'finished')
    await closed
    agent.destroy()
  })

  test('does not wait for a connection that was opened ahead of any request', async () => {
    const app = Fastify({ forceCloseConnections: 'idle' })
    const close = gracefulClose(app, steppedClock())
    const port = await listening(app)
    const silent = connect(port, '127.0.0.1')
    await once(app.server, 'connection')
    await Promise.all([once(silent, 'close'), close()])
  })

  test('cuts off a request that does not end when the time is over', async () => {
    const app = Fastify({ forceCloseConnections: 'idle' })
    const clock = steppedClock()
    const close = gracefulClose(app, clock)
    const port = await listening(app)
    const slow = connect(port, '127.0.0.1')
    slow.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n')
    await once(app.server, 'request')
    const cutOff = once(slow, 'close')
    slow.on('error', () => undefined).resume()
    const closed = close()
    clock.move(10_000)
    await Promise.all([cutOff, closed])
  })
})
