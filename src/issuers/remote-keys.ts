import {
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWK,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
} from 'jose'
import type { KeySetStatus } from '../domain/issuer.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import { readKeySet } from './key-set.ts'

/** How old a key set gets: a key that its owner has removed is gone after that. */
export const KEYS_MAX_AGE_MS = 300_000
/**
 * How long a key that was dropped is known, for calls that end a token. Other nodes have it for
 * {@link KEYS_MAX_AGE_MS} and their guards for a minute more, or longer where the new keys cannot be
 * had there.
 */
export const DROPPED_KEYS_MS = 86_400_000
/** How many of them, the latest. */
const MAX_DROPPED_KEYS = 100
/** How often an unknown `kid` may have them fetched anew. */
export const UNKNOWN_KEY_MS = 10_000
/** How often they are asked for again where they could not be had. */
const RETRY_MS = 5000

export interface RemoteKeysOptions {
  /** Whose they are, for the log. */
  readonly name: string
  /** Gets the key set. */
  readonly download: () => Promise<unknown>
  readonly clock: Clock
  readonly log: Log
  /** Called when other keys than before have come. */
  readonly changed: () => void
}

interface DroppedKey {
  readonly key: JWK
  readonly untilMs: number
}

/**
 * The public keys of another party, an issuer or a client: fetched when they are needed, kept while
 * they cannot be had anew, and asked for again where a token names one that is not among them.
 */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions
  #set: JSONWebKeySet | undefined
  #dropped: readonly DroppedKey[] = []
  #resolve: JWTVerifyGetKey | undefined
  #fetchedAtMs = 0
  #triedAtMs = -Infinity
  /** By the wall clock, which is for people to read. */
  #shownFetchedAtMs: number | undefined
  #failure: string | undefined
  #loading: Promise<void> | undefined

  constructor(options: RemoteKeysOptions) {
    this.#options = options
  }

  /** What it has now; undefined before the first were fetched. */
  get set(): JSONWebKeySet | undefined {
    return this.#set
  }

  get status(): KeySetStatus {
    const count = this.#set?.keys.length ?? 0
    return { count, fetchedAtMs: this.#shownFetchedAtMs, failure: this.#failure }
  }

  /** Never looks at an address or a key that a token brings: `jku`, `x5u`, `jwk`, `x5c`. */
  readonly find: JWTVerifyGetKey = async (header, input) => {
    const resolve = await this.#prepared(header)
    return resolve(header, input)
  }

  /** Finds a key that was in the set and no longer is. Its tokens can be ended, and not used. */
  readonly findDropped: JWTVerifyGetKey = (header, input) => {
    const nowMs = this.#options.clock.monotonicMs()
    this.#dropped = this.#dropped.filter(({ untilMs }) => untilMs > nowMs)
    return createLocalJWKSet({ keys: this.#dropped.map(({ key }) => key) })(header, input)
  }

  /**
   * Makes sure that the set is as good as it can be for a key.
   *
   * @throws {Error} Where it is unknown whether there is such a key.
   */
  async prepare(kid: string | undefined): Promise<void> {
    if (this.#set === undefined) return this.#load(RETRY_MS)
    if (kid === undefined || this.#set.keys.some((key) => key.kid === kid)) return
    // What came a moment ago may lack a key that was made since.
    await this.#load(UNKNOWN_KEY_MS)
  }

  /** Fetches them anew where they are old. Before their first use there are none to be old. */
  async refresh(): Promise<void> {
    const { clock } = this.#options
    if (this.#set === undefined || clock.monotonicMs() - this.#fetchedAtMs < KEYS_MAX_AGE_MS) return
    try {
      await this.#load(RETRY_MS)
    } catch {
      // Said already; those of before are good until they can be had anew.
    }
  }

  async #prepared({ kid }: JWTHeaderParameters): Promise<JWTVerifyGetKey> {
    await this.prepare(kid)
    if (this.#resolve === undefined) throw new errors.JWKSNoMatchingKey()
    return this.#resolve
  }

  async #load(pauseMs: number): Promise<void> {
    this.#loading ??= this.#fetch(pauseMs).finally(() => {
      this.#loading = undefined
    })
    await this.#loading
  }

  async #fetch(pauseMs: number): Promise<void> {
    const { clock, log, name } = this.#options
    if (clock.monotonicMs() - this.#triedAtMs < pauseMs) {
      throw new Error(`Cannot ask ${name} for its keys: it was asked a moment ago`)
    }
    this.#triedAtMs = clock.monotonicMs()
    try {
      this.#take(readKeySet(await this.#options.download()))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#failure = reason
      log.warn({ keysOf: name, reason }, 'the keys of an issuer or a client could not be fetched')
      throw error
    }
  }

  #take(set: JSONWebKeySet): void {
    const { clock, changed } = this.#options
    this.#fetchedAtMs = clock.monotonicMs()
    this.#shownFetchedAtMs = clock.nowMs()
    this.#failure = undefined
    if (JSON.stringify(set) === JSON.stringify(this.#set)) return
    const untilMs = clock.monotonicMs() + DROPPED_KEYS_MS
    const dropped = keysBut(this.#set, set).map((key) => ({ key, untilMs }))
    // Of several under one name only the latest: which one of them signed could not be told.
    const names = new Set(dropped.map(({ key }) => key.kid))
    const before = this.#dropped.filter(({ key }) => !names.has(key.kid))
    this.#dropped = [...dropped, ...before].slice(0, MAX_DROPPED_KEYS)
    this.#set = set
    this.#resolve = createLocalJWKSet(set)
    changed()
  }
}

/** The keys of a set that are not in another one, where the same `kid` may name another key. */
function keysBut(before: JSONWebKeySet | undefined, { keys }: JSONWebKeySet): readonly JWK[] {
  const kept = new Set(keys.map((key) => JSON.stringify(key)))
  return before?.keys.filter((key) => !kept.has(JSON.stringify(key))) ?? []
}
