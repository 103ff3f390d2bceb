/** Other issuers in this node: what verifies their tokens, and what its surfaces see of them. */
import type { Issuer } from '../domain/issuer.ts'
import type { IssuersView } from '../http/node-view.ts'
import { Issuers } from '../issuers/issuers.ts'
import { verifyLogoutToken } from '../issuers/logout-token.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
} from '../verifier/token-verifier.ts'
import type { Config } from './config.ts'
import { issuerOf } from './issuer-settings.ts'

export interface OpenedIssuers extends IssuersView {
  readonly terms: readonly Issuer[]
  /** A verifier of their tokens and of ours; `own` where there are no others. */
  verifierOf(rules: TokenVerifierOptions, own: TokenVerifier<AccessClaims>): TokenVerifier
  /** Keeps their keys fresh until then. */
  refreshUntil(stopping: AbortSignal): void
}

export function openIssuers(
  config: Pick<Config, 'issuers'>,
  clock: Clock,
  log: Log,
): OpenedIssuers {
  const terms = config.issuers.map((settings) => ({
    ...issuerOf(settings),
    jwksUri: settings.jwksUri,
  }))
  let verifier: TokenVerifier | undefined
  const issuers = new Issuers({
    issuers: terms,
    clock,
    log,
    changed: () => verifier?.forget(),
  })
  return {
    terms,
    verifierOf(rules, own) {
      if (terms.length === 0) return own
      verifier = createTokenVerifier({ ...rules, others: issuers })
      return verifier
    },
    document: (wanted) => issuers.document(wanted),
    async verifyLogout(issuer, token) {
      const keys = issuers.find(issuer.issuer)?.keys
      if (keys === undefined) throw new Error('an issuer that is configured has keys')
      return verifyLogoutToken(token, issuer, keys, clock.nowMs())
    },
    refreshUntil(stopping) {
      stopping.addEventListener('abort', issuers.startRefreshing(), { once: true })
    },
  }
}
