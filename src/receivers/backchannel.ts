/**
 * Telling relying parties that a session has ended (OpenID Connect Back-Channel Logout 1.0): one
 * POST with a logout token to each client that was in it and has a `backchannel_logout_uri`.
 *
 * It owns what a client is owed and the form of its message. When, how often and by which node it
 * is sent is decided elsewhere: see `core/plan-deliveries.ts` and `core/deliver.ts`.
 */
import { receiverName } from '../domain/delivery.ts'
import type { ConfiguredReceiver, Receiver } from '../ports/delivery.ts'
import type { Post } from './post.ts'

/** The kind of these receivers. */
export const BACKCHANNEL = 'backchannel'

/** What a logout token is made of. */
type Facts = { readonly subjectId: string; readonly sid: string }

export interface BackchannelOptions {
  /** The dialect whose sessions have relying parties. */
  readonly dialect: string
  /** A client's current `backchannel_logout_uri`; undefined if it has registered none. */
  readonly addressOf: (clientId: string) => Promise<string | undefined>
  /** The clients that have registered one: see {@link Receiver.configured}. */
  readonly registered: (
    after: string,
    limit: number,
  ) => Promise<readonly Omit<ConfiguredReceiver, 'standard'>[]>
  /** A logout token with a `jti` of its own. */
  readonly sign: (statement: {
    readonly audience: string
    readonly subjectId: string
    readonly sid: string
  }) => Promise<string>
  readonly post: Post
}

/**
 * Makes the receiver of all relying parties. Each attempt has a token of its own: receivers may
 * refuse a `jti` that they have seen, and a token is good for two minutes (section 2.4).
 */
export function createBackchannelReceiver({
  dialect,
  addressOf,
  registered,
  sign,
  post,
}: BackchannelOptions): Receiver {
  return {
    kind: BACKCHANNEL,
    dialects: [dialect],
    owes({ session }) {
      const { clientId, subjectId, sid, attributes } = session
      if (typeof attributes['backchannelLogoutUri'] !== 'string') return undefined
      // By session, so that one message which is not taken holds up no other.
      return { name: clientId, subject: sid, about: sid, facts: { subjectId, sid } satisfies Facts }
    },
    async configured(after, limit) {
      const standard = 'OpenID Connect Back-Channel Logout'
      return (await registered(after, limit)).map((client) => ({ ...client, standard }))
    },
    async send({ receiver, facts }, signal) {
      const audience = receiverName(receiver)
      const { subjectId, sid } = facts as unknown as Facts
      const address = await addressOf(audience)
      if (address === undefined) {
        return { kind: 'again', error: 'the client is registered with no backchannel_logout_uri' }
      }
      const token = await sign({ audience, subjectId, sid })
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const body = new URLSearchParams({ logout_token: token }).toString()
      return post(address, { headers, body, signal })
    },
  }
}
