import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import type { Clock } from '../ports/clock.ts'
import { createProviderNotifier, type ProviderLogoutEvent } from './mvpd.ts'

const secret = 'a-secret-of-thirty-two-characters'
const event: ProviderLogoutEvent = {
  mvpd: 'one',
  userId: 'viewer',
  requestor: 'REF30',
  revocationId: '01a1facd-6aa6-7192-8ef3-9ad4bf064fbf',
  atMs: 1_700_000_000_000,
}

interface Received {
  readonly signature: string | undefined
  readonly body: string
}

/** A provider that answers what it is told to, one status after another, and keeps what it got. */
async function provider(
  context: TestContext,
  statuses: readonly number[],
): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = []
  const server: Server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const status = statuses[received.length] ?? 204
      received.push({
        signature: String(request.headers['outright-signature']),
        body: Buffer.concat(chunks).toString(),
      })
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/out`, received }
}

/** Runs everything at once that was to happen later, and remembers after how long it would have. */
function impatientClock(): Clock & { readonly delays: number[] } {
  const delays: number[] = []
  return {
    delays,
    nowMs: () => 1_700_000_000_500,
    monotonicMs: () => 0,
    after(delayMs, callback) {
      delays.push(delayMs)
      const timer = setImmediate(callback)
      return () => {
        clearImmediate(timer)
      }
    },
  }
}

/** A log that a test can wait for. */
function spokenLog(): {
  readonly lines: { level: string; fields: Readonly<Record<string, unknown>>; message: string }[]
  readonly log: Parameters<typeof createProviderNotifier>[0]['log']
  readonly spoken: () => Promise<void>
} {
  const lines: { level: string; fields: Readonly<Record<string, unknown>>; message: string }[] = []
  let wake: () => void = () => undefined
  const say = (level: string) => (fields: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, fields, message })
    wake()
  }
  return {
    lines,
    log: { info: say('info'), warn: say('warn'), error: say('error') },
    spoken: () =>
      lines.length > 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            wake = resolve
          }),
  }
}

suite('createProviderNotifier()', () => {
  test('posts JSON whose HMAC is in Outright-Signature', async (context) => {
    const { url, received } = await provider(context, [204])
    const { log, lines, spoken } = spokenLog()
    const providers = [{ id: 'one', logoutUrl: url, secret }]
    const notifier = createProviderNotifier({ providers, clock: impatientClock(), log, fetch })
    notifier.tell(event)
    await spoken()
    const [message] = received
    assert.ok(message)
    const signature = createHmac('sha256', secret).update(message.body).digest('hex')
    assert.equal(message.signature, `sha256=${signature}`)
    assert.deepEqual(JSON.parse(message.body), {
      event: 'logout',
      ...event,
      sentAtMs: 1_700_000_000_500,
    })
    assert.equal(lines[0]?.level, 'info')
    await notifier.close()
  })

  test('tries three times, after 1 and 5 seconds, with the same revocation id', async (context) => {
    const { url, received } = await provider(context, [503, 429, 204])
    const { log, lines, spoken } = spokenLog()
    const clock = impatientClock()
    const providers = [{ id: 'one', logoutUrl: url, secret }]
    const notifier = createProviderNotifier({ providers, clock, log, fetch })
    notifier.tell(event)
    await spoken()
    assert.equal(received.length, 3)
    assert.deepEqual(clock.delays, [1000, 5000])
    assert.equal(lines[0]?.fields['attempt'], 3)
    await notifier.close()
  })

  for (const [name, statuses, tries] of [
    ['after three failures', [500, 500, 500], 3],
    ['at once where the provider refuses', [401], 1],
    ['after three redirects, which are not followed', [302, 302, 302], 3],
  ] as const) {
    test(`gives up ${name}, and says so without the viewer’s id`, async (context) => {
      const { url, received } = await provider(context, statuses)
      const { log, lines, spoken } = spokenLog()
      const providers = [{ id: 'one', logoutUrl: url, secret }]
      const notifier = createProviderNotifier({ providers, clock: impatientClock(), log, fetch })
      notifier.tell(event)
      await spoken()
      assert.equal(received.length, tries)
      assert.equal(lines[0]?.level, 'error')
      assert.equal(JSON.stringify(lines).includes('viewer'), false)
      assert.equal(JSON.stringify(lines).includes(secret), false)
      await notifier.close()
    })
  }

  test('tells nobody where there is no such provider, or it has no address', async () => {
    const { log, lines } = spokenLog()
    const refuse: typeof fetch = () => assert.fail('called')
    const providers = [{ id: 'one', secret }]
    const clock = impatientClock()
    const notifier = createProviderNotifier({ providers, clock, log, fetch: refuse })
    notifier.tell(event)
    notifier.tell({ ...event, mvpd: 'two' })
    await notifier.close()
    assert.deepEqual(lines, [])
  })

  test('sends sixteen at once, lets a thousand wait, and drops the rest aloud', async () => {
    const { log, lines } = spokenLog()
    let sent = 0
    const hang: typeof fetch = (_url, init) => {
      sent++
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => {
          reject(new Error('aborted'))
        })
      })
    }
    const providers = [{ id: 'one', logoutUrl: 'http://127.0.0.1:9/', secret }]
    const clock = impatientClock()
    const notifier = createProviderNotifier({ providers, clock, log, fetch: hang })
    for (let index = 0; index < 1020; index++) notifier.tell(event)
    assert.equal(sent, 16)
    assert.equal(lines.filter(({ message }) => message.includes('too many')).length, 4)
    await notifier.close()
    assert.equal(sent, 16)
  })
})
