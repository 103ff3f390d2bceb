import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import type { Delivery } from '../../domain/delivery.ts'
import type { Revocation } from '../../domain/revocation.ts'
import type { Session } from '../../domain/session.ts'
import { createMvpdReceiver, type ProviderEndpoint } from './index.ts'
import { createExchange } from '../exchange.ts'

const secret = 'a-secret-of-thirty-two-characters'
const one = { id: 'one', displayName: 'One', secret }
const nowMs = 1_700_000_000_500
const facts = {
  mvpd: 'one',
  userId: 'viewer',
  requestor: 'REF30',
  revocationId: '01a1facd-6aa6-7192-8ef3-9ad4bf064fbf',
  atMs: 1_700_000_000_000,
}
const delivery: Delivery = {
  id: '4cf1a4a0-1111-8222-9333-444455556666',
  receiver: 'mvpd:one',
  subject: 'one/viewer',
  revocationId: facts.revocationId,
  facts,
  createdAtMs: nowMs,
  state: 'claimed',
  attempts: 1,
  dueAtMs: nowMs,
  claimedBy: 'a',
  lastError: undefined,
  failedAtMs: undefined,
  settledAtMs: undefined,
}
const entry = { id: facts.revocationId, atMs: facts.atMs } as Revocation

function sessionOf(mvpd: string, userId: string): Session {
  const attributes = { mvpd, userId }
  return { subjectId: `${mvpd}/${userId}`, clientId: 'REF30', attributes } as unknown as Session
}

function receiverOf(...providers: readonly ProviderEndpoint[]) {
  return createMvpdReceiver({
    providers,
    dialect: 'adobe-pass',
    viewerOf: ({ attributes }) => ({
      ...(attributes as { mvpd: string; userId: string }),
      claims: {},
    }),
    exchange: createExchange({ isListed: () => true, setting: '' }),
    nowMs: () => nowMs,
    newId: () => crypto.randomUUID(),
    returnUrl: 'https://pass.example/back',
  })
}

interface Received {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A provider that answers with a status, or closes the connection without one. */
async function provider(
  context: TestContext,
  status: number | 'close' | 'hang',
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly url: string; readonly received: Received[] }> {
  const received: Received[] = []
  const server: Server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      if (status === 'close') request.socket.destroy()
      else if (status !== 'hang') response.writeHead(status, headers).end()
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

const never = new AbortController().signal

suite('the receiver of TV providers is owed', () => {
  const receiver = receiverOf({
    ...one,
    logout: { kind: 'message', url: 'http://127.0.0.1:9/' },
  })

  test('the end of a viewer’s session: whose, at which requestor, because of which entry', () => {
    assert.deepEqual(receiver.owes({ entry, session: sessionOf('one', 'viewer') }), {
      name: 'one',
      subject: 'one/viewer',
      about: '["REF30","viewer"]',
      facts,
    })
  })

  test('nothing where the provider has no address, or the session has no viewer', () => {
    const silent = receiverOf(one)
    assert.equal(silent.owes({ entry, session: sessionOf('one', 'viewer') }), undefined)
    assert.equal(receiver.owes({ entry, session: sessionOf('one', '') }), undefined)
  })

  test('the end at a provider that only another node knows', () => {
    assert.equal(receiver.owes({ entry, session: sessionOf('two', 'viewer') })?.name, 'two')
  })
})

suite('the receiver of TV providers sends', () => {
  test('JSON with the delivery’s id, and the HMAC of it all', async (context) => {
    const { url, received } = await provider(context, 204)
    const receiver = receiverOf({ ...one, logout: { kind: 'message', url } })
    assert.deepEqual(await receiver.send(delivery, never), { kind: 'delivered' })
    const [message] = received
    assert.ok(message)
    const signature = createHmac('sha256', secret).update(message.body).digest('hex')
    assert.equal(message.headers['outright-signature'], `sha256=${signature}`)
    assert.equal(message.headers['outright-delivery'], delivery.id)
    const body: unknown = JSON.parse(message.body)
    assert.deepEqual(body, { event: 'logout', id: delivery.id, ...facts, sentAtMs: nowMs })
  })

  for (const [status, headers, outcome] of [
    [200, {}, { kind: 'delivered' }],
    [400, {}, { kind: 'refused', error: 'it answered 400' }],
    [401, {}, { kind: 'again', error: 'it answered 401' }],
    [302, { location: '/elsewhere' }, { kind: 'again', error: 'it answered 302' }],
    [500, {}, { kind: 'again', error: 'it answered 500' }],
    [
      429,
      { 'retry-after': '120' },
      { kind: 'again', error: 'it answered 429', retryAfterMs: 120_000 },
    ],
    [
      503,
      { 'retry-after': 'Tue, 14 Nov 2023 22:13:30 GMT' },
      { kind: 'again', error: 'it answered 503', retryAfterMs: 9_500 },
    ],
    [503, { 'retry-after': 'soon' }, { kind: 'again', error: 'it answered 503' }],
    ['close', {}, { kind: 'again', error: 'it closed the connection' }],
  ] as const) {
    test(`and is answered ${String(status)} ${JSON.stringify(headers)}`, async (context) => {
      const { url, received } = await provider(context, status, headers)
      const receiver = receiverOf({ ...one, logout: { kind: 'message', url } })
      assert.deepEqual(await receiver.send(delivery, never), outcome)
      assert.equal(received.length, 1, 'redirects are not followed')
    })
  }

  test('until it is told to stop', async (context) => {
    const { url } = await provider(context, 'hang')
    const receiver = receiverOf({ ...one, logout: { kind: 'message', url } })
    const stop = new AbortController()
    const sent = receiver.send(delivery, stop.signal)
    stop.abort()
    assert.equal((await sent).kind, 'again')
  })

  test('nothing, and says so without the address, where no person is known or no server answers', async () => {
    const address = 'http://127.0.0.1:9/private-path'
    const receiver = receiverOf({ ...one, logout: { kind: 'message', url: address } })
    const outcome = await receiver.send(delivery, never)
    assert.equal(outcome.kind, 'again')
    assert.equal(JSON.stringify(outcome).includes('private-path'), false)
    assert.equal((await receiverOf().send(delivery, never)).kind, 'again')
  })
})
