import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { startTestServer } from '../../test/harness.ts'
import { loadConfig } from './config.ts'
import { createOtpSender } from './otp-senders.ts'

const secret = 'a-webhook-secret'
const message = { to: '919999900002', code: '48213', dialect: 'matar' }

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let status = 204
const received: Received[] = []
const webhook = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    received.push({ headers: request.headers, body })
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
  })
})
let url: string

before(async () => {
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${String((webhook.address() as AddressInfo).port)}/send`
})
after(() => {
  webhook.closeAllConnections()
  webhook.close()
})

async function sender(target: string): Promise<ReturnType<typeof createOtpSender>> {
  const config = await loadConfig({}, { otpSender: { kind: 'webhook', url: target, secret } })
  return createOtpSender(config, () => assert.fail('nothing is printed'))
}

describe('the webhook sender', () => {
  test('posts the message as JSON, signed over the bytes that it sends', async () => {
    status = 204
    await (await sender(url)).send(message)
    const { headers, body } = received.at(-1) ?? assert.fail()
    assert.deepEqual(JSON.parse(body), message)
    assert.equal(headers['content-type'], 'application/json')
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    assert.equal(headers['outright-signature'], `sha256=${signature}`)
  })

  for (const refused of [400, 500, 302]) {
    test(`rejects where the webhook answers ${String(refused)}, without the code`, async () => {
      status = refused
      await assert.rejects((await sender(url)).send(message), (error: Error) => {
        assert.ok(!error.message.includes(message.code))
        return true
      })
    })
  }

  test('rejects where no server listens', async () => {
    await assert.rejects((await sender('http://127.0.0.1:1/send')).send(message))
  })
})

test('without a sender, a login that needs an OTP is refused and nothing is pretended', async () => {
  const config = await loadConfig({}, {})
  await assert.rejects(
    createOtpSender(config, () => undefined).send(message),
    /no OTP sender is configured/,
  )
})

test('Matar says that no OTP was sent where the sender did not take it', async () => {
  const server = await startTestServer()
  try {
    server.otps.push = () => {
      throw new Error('the gateway is down')
    }
    const reply = await server.call('POST', '/api/v1/login', {
      body: { phone_number: '919999900009', name: 'Ada', action: 'send_otp' },
    })
    assert.equal(reply.status, 500)
    assert.ok(!reply.text.includes('sent otp'))
  } finally {
    await server.close()
  }
})
