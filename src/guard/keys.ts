import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { isAnswer } from '../verifier/token-verifier.ts'
import type { GuardLog } from './options.ts'

export interface GuardKeysOptions {
  readonly keys?: JWTVerifyGetKey
  readonly fetch?: typeof globalThis.fetch
  readonly log?: GuardLog
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>

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
    const find = this.#options.keys ?? this.#remote
    try {
      return await find(header, token)
    } catch (error) {
      if (!isAnswer(error)) this.failures++
      throw error
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
    const { fetch } = this.#options
    return createRemoteJWKSet(this.#url, {
      // An unknown `kid` fetches anew, at most once a second: nobody can make the guard hammer the
      // server. A node publishes a new key for longer than that before any signs with it.
      cooldownDuration: 1000,
      // Known keys do not age: while they cannot be fetched, their tokens go on.
      cacheMaxAge: Infinity,
      timeoutDuration: 3000,
      ...(fetch === undefined ? {} : { [customFetch]: (url, options) => fetch(url, options) }),
    })
  }

  async #reload(remote: RemoteKeys): Promise<void> {
    try {
      await remote.reload()
    } catch (error) {
      this.#options.log?.warn({ error: String(error) }, 'the keys could not be fetched')
    }
  }
}
