import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { crm } from '../../examples/crm-receiver.ts'
import { startTestServer } from '../harness.ts'
import { until } from '../stores/until.ts'

interface Told {
  readonly id: string
  readonly subject: string
  readonly reason: string
  readonly headers: IncomingMessage['headers']
}

/** Refuses the first message, as if it had just been deployed. */
const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Omit<Told, 'headers'>
    told.push({ ...body, headers: request.headers })
    response.writeHead(told.length === 1 ? 503 : 204).end()
  })
})
const told: Told[] = []
let options: Readonly<Record<string, unknown>> = {}

before(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  options = { url: `http://127.0.0.1:${String(port)}/logouts`, key: 'key-of-the-crm' }
})

after(() => {
  server.closeAllConnections()
  server.close()
})

const basic = { authorization: `Basic ${Buffer.from('maria:maria-demo').toString('base64')}` }

test('a receiver of one file is told of logouts, each time under the same id', async () => {
  const outright = await startTestServer({ config: { receivers: [{ receiver: crm, options }] } })
  try {
    const logIn = async (): Promise<{ authorization: string }> => {
      const reply = await outright.call('POST', '/directlink/v1/auth/login', { headers: basic })
      return { authorization: `Bearer ${(reply.json() as { bearer: string }).bearer}` }
    }
    const [first] = [await logIn(), await logIn()]
    await outright.call('POST', '/directlink/v1/auth/logout', { headers: first })
    await until(() => told.length === 2)
    assert.deepEqual(
      told.map(({ subject, reason }) => [subject, reason]),
      [1, 2].map(() => ['maria', 'logout']),
    )
    assert.equal(told[0]?.id, told[1]?.id)
    assert.equal(told[0]?.headers['idempotency-key'], told[0]?.id)
    assert.equal(told[0]?.headers['authorization'], 'Bearer key-of-the-crm')
    // The other session, by another path.
    await outright.call('POST', '/outright/v1/revocations', {
      headers: { authorization: 'Bearer outright-demo-admin' },
      body: { scope: 'everyone' },
    })
    await until(() => told.length === 3)
    assert.notEqual(told[2]?.id, told[0]?.id)
  } finally {
    await outright.close()
  }
})

test('its options are held against its schema, and its kind is its own', async () => {
  const start = (receivers: readonly object[]) =>
    startTestServer({ config: { receivers: receivers as never } })
  await assert.rejects(
    start([{ receiver: crm, options: { ...options, ky: 'x' } }]),
    /receivers\[0\]\.options\.ky is not a setting; did you mean key\?/,
  )
  await assert.rejects(start([{ receiver: crm }]), /receivers\[0\]\.options\.url is missing/)
  await assert.rejects(
    start([
      { receiver: crm, options },
      { receiver: crm, options },
    ]),
    /receivers\[1\]\.receiver is of the kind "crm", as another; allowed: each once/,
  )
  await assert.rejects(
    start([{ receiver: { ...crm, kind: 'mvpd' }, options }]),
    /receivers\[0\]\.receiver is of the kind "mvpd", as another/,
  )
})
