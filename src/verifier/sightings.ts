import { MAX_FOREIGN_NAME, type Sighting } from '../domain/foreign-session.ts'
import type { ForeignNames } from './token-facts.ts'

/**
 * Logins at other issuers that were seen and not told of yet, each once. Where too many come, those
 * that do not fit are left out: their next tokens are seen again.
 */
export class Sightings {
  readonly #capacity: number
  readonly #byNames = new Map<string, Sighting>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#byNames.size
  }

  add(sighting: Sighting): void {
    const { issuer, subject, session, client, sinceSeconds } = sighting
    const names = [issuer, subject, session, client]
    if (names.some((name) => name.length > MAX_FOREIGN_NAME)) return
    const key = JSON.stringify(names)
    const known = this.#byNames.get(key)
    if (known === undefined && this.size >= this.#capacity) return
    const latest = Math.max(sinceSeconds, known?.sinceSeconds ?? 0)
    this.#byNames.set(key, { issuer, subject, session, client, sinceSeconds: latest })
  }

  /** Those that are told of now, at most so many. */
  take(most: number): readonly Sighting[] {
    const taken = [...this.#byNames].slice(0, most)
    for (const [key] of taken) this.#byNames.delete(key)
    return taken.map(([, sighting]) => sighting)
  }
}

/** What a token of another issuer has told of, that was accepted. */
export function sightingOf({ issuer, names, sinceSeconds }: ForeignNames): Sighting {
  const { sub: subject = '', sid: session = '', client_id: client = '' } = names
  return { issuer, subject, session, client, sinceSeconds }
}
