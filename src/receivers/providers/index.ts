/**
 * Telling an identity provider that a person whose tokens ended here is logged out: the call that
 * its product has for it, one product a file. This folder owns which ends a product has a call for,
 * the call, its credentials and what its answers mean. When, how often and by which node a provider
 * is told is decided elsewhere: see `core/plan-deliveries.ts` and `core/deliver.ts`. Apart from
 * other receivers because a provider is named by its issuer, not by a dialect.
 */
import { receiverName, type Delivery } from '../../domain/delivery.ts'
import type { Revocation } from '../../domain/revocation.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Receiver } from '../../ports/delivery.ts'
import type { Setting } from '../../settings/schema.ts'
import { kinds } from '../../settings/schema.ts'
import type { Exchange } from '../exchange.ts'
import { auth0, type Auth0Settings } from './auth0.ts'
import { authentik, type AuthentikSettings } from './authentik.ts'
import { cognito, type CognitoSettings } from './cognito.ts'
import { entra, type EntraSettings } from './entra.ts'
import { firebase, type FirebaseSettings } from './firebase.ts'
import { keycloak, type KeycloakSettings } from './keycloak.ts'
import { okta, type OktaSettings } from './okta.ts'
import type { Product, Tell } from './product.ts'
import { zitadel, type ZitadelSettings } from './zitadel.ts'

/** The kind of these receivers: each is called `provider:<name of the issuer>`. */
export const PROVIDER = 'provider'

/** How to notify a provider, by product. */
export type ProviderSettings =
  | Auth0Settings
  | AuthentikSettings
  | CognitoSettings
  | EntraSettings
  | FirebaseSettings
  | KeycloakSettings
  | OktaSettings
  | ZitadelSettings

type Products = {
  readonly [K in ProviderSettings['kind']]: Product<Extract<ProviderSettings, { kind: K }>>
}

/** Supabase is not among them: what its product can end takes the person's own token. */
const products: Products = { auth0, authentik, cognito, entra, firebase, keycloak, okta, zitadel }

/** The setting `tell` of an issuer. */
export const providerSetting: Setting<ProviderSettings> = kinds<ProviderSettings>(
  Object.fromEntries(
    Object.entries(products).map(([kind, { options }]) => [kind, options]),
  ) as Parameters<typeof kinds<ProviderSettings>>[0],
  {
    description:
      'how it is told of what ended here, with credentials of its own: see [its product](#each-product)',
    allowed: '`{ kind, … }` as its product needs it',
    defaultText: 'it is not told',
  },
)

/** An issuer that is notified. */
export interface ToldIssuer {
  readonly name: string
  readonly issuer: string
  readonly tell: ProviderSettings
}

export interface ProviderReceiverOptions {
  readonly issuers: readonly ToldIssuer[]
  readonly exchange: Exchange
  readonly clock: Clock
}

/** Makes the receiver of all providers. */
export function createProviderReceiver({
  issuers,
  exchange,
  clock,
}: ProviderReceiverOptions): Receiver {
  const tellers = new Map<string, Tell>()
  for (const { name, issuer, tell } of issuers) {
    const api = apiOf(tell, issuer)
    tellers.set(name, connect(tell, { issuer, api, exchange, nowMs: () => clock.nowMs() }))
  }
  return {
    kind: PROVIDER,
    dialects: [],
    owes: () => undefined,
    issuers: issuers.map(({ issuer }) => issuer),
    owesForeign(entry) {
      const told = issuers.find(({ issuer }) => issuer === entry.issuer)
      // What the provider has said itself it knows.
      if (told === undefined || entry.actor === `issuer:${told.name}`) return undefined
      if (!products[told.tell.kind].scopes.includes(entry.scope)) return undefined
      return { name: told.name, subject: entry.key, about: 'logout', facts: factsOf(entry) }
    },
    configured: () =>
      Promise.resolve(
        issuers.map(({ name, issuer, tell }) => {
          const { title: standard } = products[tell.kind]
          return { name, title: name, standard, url: apiOf(tell, issuer) }
        }),
      ),
    send(delivery, signal) {
      const tell = tellers.get(receiverName(delivery.receiver))
      if (tell === undefined) {
        const error = 'no issuer of this name has tell in the configuration'
        return Promise.resolve({ kind: 'again', error })
      }
      const end = endOf(delivery)
      // In a path it would mean another place, however it is written (WHATWG URL, section 4.1).
      if (/^\.{1,2}$/.test(end.key)) {
        return Promise.resolve({ kind: 'refused', error: 'what it names cannot stand in a path' })
      }
      return tell(end, signal)
    },
  }
}

type World = Parameters<Product<never>['connect']>[1]

function connect(settings: ProviderSettings, world: World): Tell {
  const { kind } = settings
  return (products[kind] as Product<ProviderSettings>).connect(settings, world)
}

function apiOf(settings: ProviderSettings, issuer: string): string {
  return (products[settings.kind] as Product<ProviderSettings>).api(settings, issuer)
}

function factsOf({ scope, key, atMs }: Revocation): { readonly [name: string]: string | number } {
  return { scope, key, atMs }
}

function endOf({ facts }: Delivery): Parameters<Tell>[0] {
  return facts as unknown as Parameters<Tell>[0]
}
