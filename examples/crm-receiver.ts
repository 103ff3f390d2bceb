/**
 * A receiver of your own: a CRM hears of every logout, at least once and each time under the same
 * id, and no logout waits for it. Name it in `outright.config.ts`, the same at every node:
 *
 *     import { crm } from './crm-receiver.ts'
 *     export default {
 *       receivers: [{ receiver: crm, options: { url: 'https://crm.example/logouts', key: '…' } }],
 *     }
 *
 * When it is told, how often and by which node is the server's concern: see `docs/deliveries.md`.
 */
import { defineReceiver, settings, type ReceiverModule } from 'outright'

export interface CrmOptions {
  readonly url: string
  readonly key: string
  readonly dialects: readonly string[]
}

export const crm: ReceiverModule = defineReceiver({
  kind: 'crm',
  options: settings.group<CrmOptions>({
    url: settings.httpUrl({ description: 'where the CRM wants to be told' }),
    key: settings.text({ description: 'its API key', secret: true }),
    dialects: settings.list(settings.text({}), {
      description: 'dialects whose sessions it knows',
      default: ['directlink', 'baanx'],
    }),
  }),
  create: ({ post }, { url, key, dialects }) => ({
    dialects,

    // What it is owed because this session ended. Messages about one subject keep their order.
    owes: ({ entry, session }) => ({
      name: 'main',
      subject: session.subjectId,
      about: session.sid,
      facts: { subject: session.subjectId, reason: entry.reason, atMs: entry.atMs },
    }),

    // Who is told, for lists: nothing of an address is shown but its host.
    configured: () =>
      Promise.resolve([{ name: 'main', title: 'CRM', standard: 'JSON over HTTP', url }]),

    // One message. It has the same id however often it is sent, so that the CRM can tell.
    send: ({ id, facts }, signal) =>
      post(url, {
        headers: { authorization: `Bearer ${key}`, 'idempotency-key': id },
        body: JSON.stringify({ id, ...facts }),
        signal,
      }),
  }),
})
