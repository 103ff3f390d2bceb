import { createRemoteJWKSet, customFetch, errors, type CryptoKey, type JWTVerifyGetKey } from 'jose'
import { FreshReads } from '../verifier/fresh-reads.ts'
import type { GuardClock } from './clock.ts'
import type { GuardLog } from './options.ts'

/** However many unknown keys are named, the server is asked no more often. */
const ASK_AT_MOST_EVERY_MS = 1000

export interface GuardKeysOptions {
  readonly clock: GuardClock
  readonly keys?: JWTVerifyGetKey | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly log?: Pick<GuardLog, 'warn'>
}

interface RemoteKeys {
  readonly set: ReturnType<typeof createRemoteJWKSet>
  readonly reads: FreshReads
  /** By `kid`, what the set has found among the keys that it has now: to find it takes a while. */
  readonly found: Map<string, FoundKey>
  /** How often the keys were asked for. */
  fetches: number
  /** False where the node that answered last could not read its keys, and may lack one. */
  areCurrent: boolean
}

type FoundByAny = Awaited<ReturnType<JWTVerifyGetKey>>

interface FoundKey {
  readonly algorithm: string
  readonly key: CryptoKey
}

/** The server's public keys, fetched when they are needed and kept. */
export class GuardKeys {
  readonly #url: URL
  readonly #options: GuardKeysOptions
  #remote: RemoteKeys

  constructor(server: string, options: GuardKeysOptions) {
    this.#url = new URL(`${server}/.well-known/jwks.json`)
    this.#options = options
    this.#remote = this.#make()
  }

  readonly find: JWTVerifyGetKey = (header, token) => {
    const found = header.kid === undefined ? undefined : this.#remote.found.get(header.kid)
    return found?.algorithm === header.alg ? found.key : this.#search(header, token)
  }

  /** Forgets the keys: what answers now may be another server than the one that had them. */
  renew(): void {
    this.#remote = this.#make()
    this.prefetch()
  }

  /** Fetches the keys ahead of the first token, and now and then what has changed. */
  prefetch(): void {
    if (!this.#options.keys) void this.#reload(this.#remote)
  }

  async #search(...asked: Parameters<JWTVerifyGetKey>): Promise<FoundByAny> {
    if (this.#options.keys) return this.#options.keys(...asked)
    const remote = this.#remote
    try {
      return await findIn(remote, ...asked)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
    }
    // Its key may have been made since. Checks wait for this, so none says `invalid` for what the
    // guard has not been told; how many can wait is bounded by the requests that its host takes.
    await remote.reads.next()
    try {
      return await findIn(remote, ...asked)
    } catch (error) {
      throw remote.areCurrent
        ? error
        : new Error('Cannot find key: the server could not read its keys')
    }
  }

  #make(): RemoteKeys {
    const { fetch = globalThis.fetch } = this.#options
    const set = createRemoteJWKSet(this.#url, {
      // `reads` says when they are fetched anew: what counts here is a wall clock.
      cooldownDuration: Infinity,
      // Known keys do not age: while they cannot be fetched, their tokens go on.
      cacheMaxAge: Infinity,
      timeoutDuration: 3000,
      [customFetch]: async (url, options) => {
        remote.fetches++
        remote.found.clear()
        const response = await fetch(url, options)
        remote.areCurrent = response.headers.get('outright-keys') !== 'stale'
        return response
      },
    })
    const read = async (): Promise<void> => {
      // What is under way may be older than this question.
      if (set.reloading) await set.reload().catch(() => undefined)
      await set.reload()
    }
    const reads = new FreshReads(read, this.#options.clock, ASK_AT_MOST_EVERY_MS)
    const remote: RemoteKeys = { set, reads, found: new Map(), fetches: 0, areCurrent: true }
    return remote
  }

  async #reload({ reads }: RemoteKeys): Promise<void> {
    try {
      await reads.begin()
    } catch (error) {
      this.#options.log?.warn({ error: String(error) }, 'the keys could not be fetched')
    }
  }
}

async function findIn(
  remote: RemoteKeys,
  ...[header, token]: Parameters<JWTVerifyGetKey>
): Promise<FoundByAny> {
  // What was found while the keys were fetched may be one of those before.
  const before = remote.set.reloading ? undefined : remote.fetches
  const key = await remote.set(header, token)
  if (header.kid !== undefined && remote.fetches === before) {
    remote.found.set(header.kid, { algorithm: header.alg, key })
  }
  return key
}
