import type { Sighting } from '../domain/foreign-session.ts'
import type { Issuer } from '../domain/issuer.ts'
import type { Clock } from '../ports/clock.ts'
import type { ForeignSessionStore } from '../ports/foreign-session.ts'
import type { Log } from '../ports/log.ts'
import { Sightings } from '../verifier/sightings.ts'
import { reasonOf } from './reason-of.ts'

export interface SightingParts {
  readonly store: Pick<ForeignSessionStore, 'keepForeignSessions'>
  readonly issuers: readonly Issuer[]
  readonly maxKept: number
  readonly clock: Clock
  readonly log: Log
}

export interface KeptSightings {
  /** Takes note of a login, this node's own or one that a guard has told of. */
  readonly see: (sighting: Sighting) => void
  readonly stop: () => void
}

/** How often they are stored: a commit of the store, whatever has been seen meanwhile. */
const STORE_EVERY_MS = 1000
/** Stored at once; as many are remembered between two commits. */
const MOST = 1000

/**
 * Stores which logins at other issuers were seen. For people who look for them, so nothing waits
 * for it: what cannot be stored now is seen again.
 */
export function keepSightings({
  store,
  issuers,
  maxKept,
  clock,
  log,
}: SightingParts): KeptSightings {
  const byIssuer = new Map(issuers.map((one) => [one.issuer, one] as const))
  const sightings = new Sightings(MOST)
  let cancel: (() => void) | undefined
  const keep = async (): Promise<void> => {
    cancel = undefined
    const nowMs = clock.nowMs()
    const sessions = sightings.take(MOST).map((sighting) => {
      const { maxSessionSeconds = 0 } = byIssuer.get(sighting.issuer) ?? {}
      const expiresAtMs = nowMs + maxSessionSeconds * 1000
      return { ...sighting, firstSeenAtMs: nowMs, lastSeenAtMs: nowMs, expiresAtMs }
    })
    try {
      await store.keepForeignSessions({ sessions, maxKept })
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'cannot store logins at other issuers')
    }
  }
  let isStopped = false
  return {
    see(sighting) {
      if (isStopped || !byIssuer.has(sighting.issuer)) return
      sightings.add(sighting)
      cancel ??= clock.after(STORE_EVERY_MS, () => void keep())
    },
    stop() {
      isStopped = true
      cancel?.()
    },
  }
}
