import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { isAnswer } from '../verifier/token-verifier.ts'
import type { GuardLog } from './options.ts'

export interface GuardKeysOptions {
  readonly keys?: JWTVerifyGetKey | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly log?: Pick<GuardLog, 'warn'>
}

interface RemoteKeys {
  readonly set: ReturnType<typeof createRemoteJWKSet>
  /** False where the node that answered last could not read its keys, and may lack one. */
  areCurrent: boolean
}

/** The server's public keys, fetched when they are needed and kept. */
export class GuardKeys {
  /** How often keys could not be had; tells a bad token from a server that cannot be reached. */
  failures = 0
  readonly #url: URL
  readonly #options: GuardKeysOptions
  #remote: RemoteKeys

  constructor(server: string, options: GuardKeysOptions) {
    this.#url = new URL(`${server}/.well-known/jwks.json`)
    this.#options = options
    this.#remote = this.#make()
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    const remote = this.#remote
    const find = this.#options.keys ?? remote.set
    try {
      return await find(header, token)
    } catch (error) {
      if (isAnswer(error) && remote.areCurrent) throw error
      this.failures++
      throw remote.areCurrent
        ? error
        : new Error('Cannot find key: the server could not read its keys')
    }
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
        const response = await fetch(url, options)
        remote.areCurrent = response.headers.get('outright-keys') !== 'stale'
        return response
      },
    })
    const remote: RemoteKeys = { set, areCurrent: true }
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
