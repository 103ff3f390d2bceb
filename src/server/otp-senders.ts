import { createHmac } from 'node:crypto'
import type { OtpSender } from '../ports/otp-sender.ts'
import type { Config } from './config.ts'

const WEBHOOK_TIMEOUT_MS = 5000

/** The sender that the configuration names. */
export function createOtpSender(config: Config, print: (line: string) => void): OtpSender {
  const { otpSender } = config
  switch (otpSender.kind) {
    case 'console':
      return {
        send: ({ to, code, dialect }) => {
          print(`one-time password for ${to} (${dialect}): ${code}\n`)
          return Promise.resolve()
        },
      }
    case 'webhook':
      return { send: (message) => postOtp(otpSender.url, otpSender.secret, message) }
    case 'none':
      return {
        send: () => Promise.reject(new Error('no OTP sender is configured (setting otpSender)')),
      }
  }
}

/** Posts the message as JSON, signed: `Outright-Signature: sha256=<hex HMAC of the body>`. */
async function postOtp(url: string, secret: string, message: object): Promise<void> {
  const body = JSON.stringify(message)
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'outright-signature': `sha256=${signature}`,
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the OTP webhook answered ${String(response.status)}`)
}
