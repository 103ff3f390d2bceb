/**
 * A message of our own: one POST of JSON, `event`, `id`, `mvpd`, `userId`, `requestor`,
 * `revocationId`, `atMs` and `sentAtMs`, which lets the provider refuse old copies.
 * `Outright-Delivery` is the id again, the same however often the message arrives.
 * `Outright-Signature: sha256=<hex>` is the HMAC-SHA256 of the body under the provider's secret.
 */
import { createHmac } from 'node:crypto'
import type { MessageLogout } from '../../domain/mvpd-logout.ts'
import { outcomeOf } from '../exchange.ts'
import type { ChannelWorld, TellProvider } from './channel.ts'

export function messageChannel(
  { url }: MessageLogout,
  { exchange, nowMs, secret }: ChannelWorld,
): TellProvider {
  return async ({ id, facts, signal }) => {
    const { claims: _, ...told } = facts
    const body = JSON.stringify({ event: 'logout', id, ...told, sentAtMs: nowMs() })
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    const headers = {
      'content-type': 'application/json',
      'outright-delivery': id,
      'outright-signature': `sha256=${signature}`,
    }
    const answer = await exchange(url, { method: 'POST', headers, body, signal })
    return answer.kind === 'answer' ? outcomeOf(answer, nowMs()) : answer
  }
}
