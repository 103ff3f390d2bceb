import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { issuersPath, readIssuers, type WireIssuer } from '../protocol/issuers.ts'
import { readSightingRules } from '../protocol/sightings.ts'
import type { OtherIssuer, OtherIssuers } from '../verifier/other-issuers.ts'
import type { ForeignNames } from '../verifier/token-facts.ts'
import type { GuardClock } from './clock.ts'
import type { GuardLog } from './options.ts'
import { SightingsReport } from './sightings-report.ts'

export interface GuardIssuersOptions {
  readonly server: string
  readonly credential: string
  readonly fetch: typeof globalThis.fetch | undefined
  readonly clock: GuardClock
  readonly log: Pick<GuardLog, 'warn'>
  /** Called when the server says something else than before. */
  readonly changed: () => void
}

const TIMEOUT_MS = 3000
/** How often the server is asked for a key that is not there, or after it did not answer. */
const PAUSE_MS = 1000

/**
 * The other issuers that the server accepts, and their keys. The server is asked when the first
 * token of another issuer arrives, after each snapshot, and now and then; never for tokens of the
 * server itself. What it has said is good while it cannot be asked.
 */
export class GuardIssuers implements OtherIssuers {
  readonly #options: GuardIssuersOptions
  readonly #report: SightingsReport
  #known: ReadonlyMap<string, Known> | undefined
  /** As it came, to see whether anything has changed. */
  #text = ''
  #askedAtMs = -Infinity
  #asking: Promise<void> | undefined
  /** Snapshots since the guard was made: an answer from before the latest is stale. */
  #snapshots = 0

  constructor(options: GuardIssuersOptions) {
    this.#options = options
    this.#report = new SightingsReport(options)
  }

  find(iss: string): OtherIssuer | undefined | Promise<OtherIssuer | undefined> {
    return this.#known ? this.#known.get(iss) : this.#ask().then(() => this.#known?.get(iss))
  }

  seen(token: ForeignNames): void {
    this.#report.add(token)
  }

  /** Tells the server of what was seen, where it is time for that. */
  tellSightings(): void {
    this.#report.tell()
  }

  /** What answers now may be another server than the one that told of the issuers. */
  renew(): void {
    this.#known = undefined
    this.#text = ''
    this.#askedAtMs = -Infinity
    this.#snapshots++
  }

  /** Asks anew, where anything was asked before. */
  refresh(): void {
    if (this.#known !== undefined) void this.#ask().catch(() => undefined)
  }

  /**
   * One question at a time.
   *
   * @throws {Error} Where there is no answer.
   */
  async #ask(query = ''): Promise<void> {
    if (query !== '' && this.#asking !== undefined) await this.#asking.catch(() => undefined)
    this.#asking ??= this.#fetch(query).finally(() => {
      this.#asking = undefined
    })
    await this.#asking
  }

  async #fetch(query: string): Promise<void> {
    const { server, credential, clock, fetch = globalThis.fetch, log } = this.#options
    if (clock.monotonicMs() - this.#askedAtMs < PAUSE_MS) {
      throw new Error('Cannot find issuers: the server was asked a moment ago')
    }
    this.#askedAtMs = clock.monotonicMs()
    const before = this.#snapshots
    try {
      const answer = await fetch(server + issuersPath + query, {
        headers: { authorization: `Bearer ${credential}`, accept: 'application/json' },
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      // A server of before knows of no other issuers.
      if (answer.status !== 200 && answer.status !== 404) {
        throw new Error(`it answered ${String(answer.status)}`)
      }
      const text = answer.status === 404 ? '{"issuers":[]}' : await answer.text()
      const document: unknown = JSON.parse(text)
      const issuers = readIssuers(document)
      if (before !== this.#snapshots) throw new Error('a snapshot came meanwhile')
      this.#report.rules = readSightingRules(document)
      this.#take(text, issuers)
    } catch (error) {
      log.warn({ error: String(error) }, 'the other issuers could not be asked for')
      throw error
    }
  }

  #take(text: string, issuers: readonly WireIssuer[]): void {
    if (text === this.#text) return
    const isFirst = this.#text === ''
    this.#text = text
    this.#known = new Map(
      issuers.flatMap((terms) => {
        const told = terms.keys && createLocalJWKSet(terms.keys as unknown as JSONWebKeySet)
        const issuer: Known = { terms, told, keys: this.#keysOf(terms.issuer, told) }
        return [terms.issuer, ...terms.aliases].map((iss) => [iss, issuer] as const)
      }),
    )
    if (!isFirst) this.#options.changed()
  }

  /** Where the server has told of no such key, it is asked for it: it may be a new one. */
  #keysOf(issuer: string, told: JWTVerifyGetKey | null): JWTVerifyGetKey {
    return async (header, input) => {
      try {
        if (told !== null) return await told(header, input)
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      }
      await this.#ask(`?${new URLSearchParams({ issuer, kid: header.kid ?? '' }).toString()}`)
      // The answer is of this moment: what it does not have, there is not.
      const now = this.#known?.get(issuer)?.told
      if (now === null) throw new Error('Cannot find key: the server has none of this issuer')
      if (now === undefined) throw new errors.JWKSNoMatchingKey()
      return now(header, input)
    }
  }
}

interface Known extends OtherIssuer {
  /** Finds those that the server has told of; null where it could not get any. */
  readonly told: JWTVerifyGetKey | null
}
