/**
 * Other issuers, as a node knows them: their keys, fetched within bounds, and what guards are told
 * of both. The folder owns every call for keys of others, those of clients included; how a token is
 * read is `domain/profile.ts` and `verifier/foreign-token.ts`. Apart from the server's wiring
 * because the keys of strangers are where attacks arrive.
 */
import type { Issuer, KeySetStatus } from '../domain/issuer.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { WireIssuer, WireIssuers } from '../protocol/issuers.ts'
import type { OtherIssuer, OtherIssuers } from '../verifier/other-issuers.ts'
import { fetchJson as fetchOverHttp, type FetchJson } from './fetch-json.ts'
import { issuerKeys } from './issuer-keys.ts'
import type { RemoteKeys } from './remote-keys.ts'

export interface IssuersOptions {
  readonly issuers: readonly IssuerWithKeys[]
  readonly clock: Clock
  readonly log: Log
  /** Called when the keys of one have changed: what was verified with those before is not good. */
  readonly changed: () => void
  readonly fetchJson?: FetchJson
}

export interface IssuerWithKeys extends Issuer {
  /** Where its keys are; undefined: it is found through discovery. */
  readonly jwksUri: string | undefined
}

/** Which key a guard is looking for. */
export interface WantedKey {
  readonly issuer: string
  readonly kid: string
}

const REFRESH_EVERY_MS = 30_000

/** The issuers that a node accepts beside itself. */
export class Issuers implements OtherIssuers {
  readonly #byIss = new Map<string, OtherIssuer & { readonly set: RemoteKeys }>()
  readonly #clock: Clock

  constructor({ issuers, clock, log, changed, fetchJson = fetchOverHttp }: IssuersOptions) {
    this.#clock = clock
    for (const terms of issuers) {
      const { name, issuer, aliases, jwksUri } = terms
      const set = issuerKeys({ name, issuer, jwksUri, fetchJson, clock, log, changed })
      const entry = { terms, keys: set.find, droppedKeys: set.findDropped, set }
      for (const iss of [issuer, ...aliases]) this.#byIss.set(iss, entry)
    }
  }

  find(iss: string): OtherIssuer | undefined {
    return this.#byIss.get(iss)
  }

  /**
   * What guards are told.
   *
   * @param wanted A key that a guard has not found among those that it was told of.
   * @throws {Error} Where it is unknown whether there is such a key.
   */
  async document(wanted?: WantedKey): Promise<WireIssuers> {
    if (wanted !== undefined) await this.#byIss.get(wanted.issuer)?.set.prepare(wanted.kid)
    const entries = [...new Set(this.#byIss.values())]
    return { issuers: await Promise.all(entries.map(wireIssuer)) }
  }

  /** What is known of the keys of an issuer. It asks for none. */
  keySetOf(issuer: string): KeySetStatus | undefined {
    return this.#byIss.get(issuer)?.set.status
  }

  /** Keeps the keys fresh. What is returned stops it. */
  startRefreshing(): () => void {
    if (this.#byIss.size === 0) return () => undefined
    const refresh = (): void => {
      for (const { set } of new Set(this.#byIss.values())) void set.refresh()
      cancel = this.#clock.after(REFRESH_EVERY_MS, refresh)
    }
    let cancel = this.#clock.after(REFRESH_EVERY_MS, refresh)
    return () => {
      cancel()
    }
  }
}

async function wireIssuer({
  terms,
  set,
}: OtherIssuer & { readonly set: RemoteKeys }): Promise<WireIssuer> {
  try {
    await set.prepare(undefined)
  } catch {
    // Said in the log; guards are told that there are none.
  }
  const { name, issuer, aliases, rules, audience, maxTokenLifeSeconds, clockSkewSeconds } = terms
  const { keys } = set.set ?? {}
  return {
    name,
    issuer,
    aliases,
    rules,
    audience,
    maxTokenLifeSeconds,
    clockSkewSeconds,
    keys: keys === undefined ? null : { keys },
  }
}
