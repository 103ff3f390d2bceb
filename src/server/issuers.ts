/**
 * Other issuers in this node, and keys of clients: what verifies their tokens, and what its
 * surfaces see of them.
 */
import type { Issuer } from '../domain/issuer.ts'
import type { IssuersView, NodeView } from '../http/node-view.ts'
import { createClientKeys } from '../issuers/client-keys.ts'
import { Issuers } from '../issuers/issuers.ts'
import { verifyLogoutToken } from '../issuers/logout-token.ts'
import type { Clock } from '../ports/clock.ts'
import type { ForeignSessionStore } from '../ports/foreign-session.ts'
import type { Log } from '../ports/log.ts'
import { sightingRules } from '../protocol/sightings.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import type { OtherIssuers } from '../verifier/other-issuers.ts'
import { sightingOf } from '../verifier/sightings.ts'
import {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
} from '../verifier/token-verifier.ts'
import type { Config } from './config.ts'
import { keepSightings } from './foreign-sightings.ts'
import { issuerOf } from './issuer-settings.ts'
import { guardedBy } from './receivers.ts'

export interface OpenedIssuers extends IssuersView {
  readonly terms: readonly Issuer[]
  /** A verifier of their tokens and of ours; `own` where there are no others. */
  verifierOf(rules: TokenVerifierOptions, own: TokenVerifier<AccessClaims>): TokenVerifier
  /** Keeps their keys fresh until then. */
  refreshUntil(stopping: AbortSignal): void
  readonly clientKeys: NodeView['clientKeys']
}

export function openIssuers(
  config: Pick<Config, 'issuers' | 'foreignSessions' | 'allowedPrivateAddresses'>,
  store: Pick<ForeignSessionStore, 'keepForeignSessions'>,
  clock: Clock,
  log: Log,
): OpenedIssuers {
  const terms = config.issuers.map((settings) => ({
    ...issuerOf(settings),
    jwksUri: settings.jwksUri,
  }))
  const { enabled, maxKept } = config.foreignSessions
  const sightings = enabled
    ? keepSightings({ store, issuers: terms, maxKept, clock, log })
    : undefined
  let verifier: TokenVerifier | undefined
  const issuers = new Issuers({
    issuers: terms,
    clock,
    log,
    changed: () => verifier?.forget(),
  })
  return {
    terms,
    clientKeys: createClientKeys({ ...guardedBy(config), clock, log }),
    verifierOf(rules, own) {
      if (terms.length === 0) return own
      const others: OtherIssuers = {
        find: (iss) => issuers.find(iss),
        seen: (token) => sightings?.see(sightingOf(token)),
      }
      verifier = createTokenVerifier({ ...rules, others })
      return verifier
    },
    document: async (wanted) => ({
      ...(await issuers.document(wanted)),
      ...(enabled ? { sightings: sightingRules } : {}),
    }),
    list: () =>
      terms.flatMap((issuer) => {
        const keys = issuers.keySetOf(issuer.issuer)
        return keys === undefined ? [] : { issuer, keys }
      }),
    listsLogins: enabled,
    see: (sighting) => sightings?.see(sighting),
    async verifyLogout(issuer, token) {
      const keys = issuers.find(issuer.issuer)?.keys
      if (keys === undefined) throw new Error('an issuer that is configured has keys')
      return verifyLogoutToken(token, issuer, keys, clock.nowMs())
    },
    refreshUntil(stopping) {
      stopping.addEventListener('abort', issuers.startRefreshing(), { once: true })
      stopping.addEventListener('abort', () => sightings?.stop(), { once: true })
    },
  }
}
