import { createRemoteJWKSet, customFetch, type CryptoKey, type JWTVerifyGetKey } from 'jose'
import type { GuardLog } from './options.ts'

export interface GuardKeysOptions {
  readonly keys?: JWTVerifyGetKey | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly log?: Pick<GuardLog, 'warn'>
}

interface RemoteKeys {
  readonly set: ReturnType<typeof createRemoteJWKSet>
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

  async #search(...[header, token]: Parameters<JWTVerifyGetKey>): Promise<FoundByAny> {
    const remote = this.#remote
    try {
      if (this.#options.keys) return await this.#options.keys(header, token)
      // What was found while the keys were fetched may be one of those before.
      const before = remote.set.reloading ? undefined : remote.fetches
      const key = await remote.set(header, token)
      if (header.kid !== undefined && remote.fetches === before) {
        remote.found.set(header.kid, { algorithm: header.alg, key })
      }
      return key
    } catch (error) {
      throw remote.areCurrent
        ? error
        : new Error('Cannot find key: the server could not read its keys')
    }
  }

  #make(): RemoteKeys {
    const { fetch = globalThis.fetch } = this.#options
    const set = createRemoteJWKSet(this.#url, {
      // An unknown `kid` fetches anew, at most once a second: nobody can make the guard hammer the
      // server. A node publishes a new key for longer than that before any signs with it.
      cooldownDuration: 1000,
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
    const remote: RemoteKeys = { set, found: new Map(), fetches: 0, areCurrent: true }
    return remote
  }

  async #reload({ set }: RemoteKeys): Promise<void> {
    try {
      await set.reload()
    } catch (error) {
      this.#options.log?.warn({ error: String(error) }, 'the keys could not be fetched')
    }
  }
}
