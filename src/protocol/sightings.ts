/**
 * `POST /outright/v1/sightings`: guards tell of logins at other issuers, so that people can see and
 * end them. Which guards do so, and how often, the document of the issuers says; `docs/feed.md`
 * describes both.
 */
import type { Sighting } from '../domain/foreign-session.ts'

export const sightingsPath = '/outright/v1/sightings'

/** How a guard tells: it does not where the document does not say. */
export interface SightingRules {
  readonly everyMs: number
  /** In one call, at most. */
  readonly most: number
}

export const sightingRules: SightingRules = { everyMs: 10_000, most: 256 }

export interface WireSightings {
  readonly sightings: readonly Sighting[]
}

/** @returns Undefined where the document of the issuers has no valid rules. */
export function readSightingRules(document: unknown): SightingRules | undefined {
  const { sightings } = document as { readonly sightings?: Partial<SightingRules> | null }
  const { everyMs, most } = sightings ?? {}
  const isGood = [everyMs, most].every((value) => Number.isSafeInteger(value) && Number(value) > 0)
  return isGood ? { everyMs: Number(everyMs), most: Number(most) } : undefined
}
