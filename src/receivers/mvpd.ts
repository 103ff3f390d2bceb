/**
 * Telling a TV provider (MVPD) that its viewer is logged out: one signed POST.
 *
 * It owns what a provider is owed and the form of its message. When, how often and by which node is
 * none of its business: see `core/plan-deliveries.ts` and `core/deliver.ts`.
 */
import { createHmac } from 'node:crypto'
import { receiverName, type Delivery } from '../domain/delivery.ts'
import type { Session } from '../domain/session.ts'
import type { Clock } from '../ports/clock.ts'
import type { Receiver, SendOutcome } from '../ports/delivery.ts'
import type { Post } from './post.ts'

/** The kind of these receivers. */
export const MVPD = 'mvpd'

/** A provider and where it wants to be told. */
export interface ProviderEndpoint {
  readonly id: string
  /** Without it, the provider is told nothing. */
  readonly logoutUrl?: string
  /** Key of the signature. */
  readonly secret: string
}

export interface MvpdReceiverOptions {
  readonly providers: readonly ProviderEndpoint[]
  /** The dialect whose sessions are viewers of a provider. */
  readonly dialect: string
  /** The provider of a session, and the viewer's id there. */
  readonly viewerOf: (session: Session) => { readonly mvpd: string; readonly userId: string }
  readonly clock: Clock
  readonly post: Post
}

/**
 * Makes the receiver of all providers.
 *
 * The body of a message is JSON: `event`, `id`, `mvpd`, `userId`, `requestor`, `revocationId`,
 * `atMs` and `sentAtMs`, which lets the provider refuse old copies. `Outright-Delivery` is the id
 * again, the same however often the message arrives. `Outright-Signature: sha256=<hex>` is the
 * HMAC-SHA256 of the body under the provider's secret.
 */
export function createMvpdReceiver(options: MvpdReceiverOptions): Receiver {
  const { dialect, viewerOf } = options
  const endpoints = new Map(options.providers.map((provider) => [provider.id, provider]))
  return {
    kind: MVPD,
    dialects: [dialect],
    owes({ entry, session }) {
      const { mvpd, userId } = viewerOf(session)
      if (mvpd === '' || userId === '') return undefined
      const endpoint = endpoints.get(mvpd)
      // One that is not known here may be known to a node that was configured later.
      if (endpoint !== undefined && endpoint.logoutUrl === undefined) return undefined
      const requestor = session.clientId
      return {
        name: mvpd,
        subject: session.subjectId,
        about: JSON.stringify([requestor, userId]),
        facts: { mvpd, userId, requestor, revocationId: entry.id, atMs: entry.atMs },
      }
    },
    send: (delivery, signal) => send(options, endpoints, delivery, signal),
  }
}

async function send(
  { clock, post }: MvpdReceiverOptions,
  endpoints: ReadonlyMap<string, ProviderEndpoint>,
  delivery: Delivery,
  signal: AbortSignal,
): Promise<SendOutcome> {
  const endpoint = endpoints.get(receiverName(delivery.receiver))
  if (endpoint?.logoutUrl === undefined) {
    return { kind: 'again', error: 'no provider of this id has a logoutUrl in the configuration' }
  }
  const { id, facts } = delivery
  const body = JSON.stringify({ event: 'logout', id, ...facts, sentAtMs: clock.nowMs() })
  const signature = createHmac('sha256', endpoint.secret).update(body).digest('hex')
  const headers = { 'outright-delivery': id, 'outright-signature': `sha256=${signature}` }
  return post(endpoint.logoutUrl, { headers, body, signal })
}
