/**
 * Telling a TV provider (MVPD) that its viewer is logged out, in the way that was agreed on with
 * it, one way a file. This folder owns what a provider is owed and the form of each message. When,
 * how often and by which node it is sent is decided elsewhere: see `core/plan-deliveries.ts` and
 * `core/deliver.ts`. Apart from other receivers because a provider is named by its viewers'
 * logins.
 */
import { receiverName, type Delivery } from '../../domain/delivery.ts'
import type { MvpdLogout } from '../../domain/mvpd-logout.ts'
import type { Session } from '../../domain/session.ts'
import type { Receiver } from '../../ports/delivery.ts'
import type { ChannelWorld, TellProvider, ViewerFacts } from './channel.ts'
import { messageChannel } from './message.ts'
import { revocationChannel } from './revocation.ts'
import { rpInitiatedChannel } from './rp-initiated.ts'
import { samlChannel } from './saml.ts'

/** The kind of these receivers. */
export const MVPD = 'mvpd'

/** A provider and how to notify it. */
export interface ProviderEndpoint {
  readonly id: string
  readonly displayName: string
  /** Without it, the provider is not notified. */
  readonly logout?: MvpdLogout
  readonly secret: string
}

export interface MvpdReceiverOptions extends Omit<ChannelWorld, 'secret'> {
  readonly providers: readonly ProviderEndpoint[]
  /** The dialect whose sessions are viewers of a provider. */
  readonly dialect: string
  /** The provider of a session, the viewer's id there, and what it said at the login. */
  readonly viewerOf: (session: Session) => {
    readonly mvpd: string
    readonly userId: string
    readonly claims: Readonly<Record<string, string>>
  }
}

/** Makes the receiver of all providers. */
export function createMvpdReceiver(options: MvpdReceiverOptions): Receiver {
  const { providers, dialect, viewerOf, ...world } = options
  const endpoints = new Map(
    providers.map(({ id, logout, secret }) => [
      id,
      logout && connect(logout, { ...world, secret }),
    ]),
  )
  return {
    kind: MVPD,
    dialects: [dialect],
    owes({ entry, session }) {
      const { mvpd, userId, claims } = viewerOf(session)
      if (mvpd === '' || userId === '') return undefined
      // One that is not known here may be known to a node that was configured later.
      if (endpoints.has(mvpd) && endpoints.get(mvpd) === undefined) return undefined
      const requestor = session.clientId
      const facts = { mvpd, userId, requestor, revocationId: entry.id, atMs: entry.atMs }
      const names = [requestor, userId]
      const said = Object.keys(claims).length > 0
      return {
        name: mvpd,
        subject: session.subjectId,
        // Logins with different claims from the provider get a message each.
        about: JSON.stringify(said ? [...names, claims] : names),
        facts: said ? { ...facts, claims } : facts,
      }
    },
    configured: () =>
      Promise.resolve(
        providers.flatMap(({ id: name, displayName: title, logout }) => {
          if (logout === undefined) return []
          return { name, title, standard: standards[logout.kind], url: logout.url }
        }),
      ),
    send(delivery, signal) {
      const tell = endpoints.get(receiverName(delivery.receiver))
      if (tell === undefined) {
        const error = 'no provider of this id has logout in the configuration'
        return Promise.resolve({ kind: 'again', error })
      }
      return tell({ id: delivery.id, facts: factsOf(delivery), signal })
    },
  }
}

const standards: Readonly<Record<MvpdLogout['kind'], string>> = {
  message: 'signed message',
  revocation: 'OAuth 2.0 Token Revocation',
  'rp-initiated': 'OpenID Connect RP-Initiated Logout',
  saml: 'SAML 2.0 Single Logout',
}

function connect(logout: MvpdLogout, world: ChannelWorld): TellProvider {
  switch (logout.kind) {
    case 'message':
      return messageChannel(logout, world)
    case 'revocation':
      return revocationChannel(logout, world)
    case 'rp-initiated':
      return rpInitiatedChannel(logout, world)
    case 'saml':
      return samlChannel(logout, world)
  }
}

function factsOf({ facts }: Delivery): ViewerFacts {
  return facts as unknown as ViewerFacts
}
