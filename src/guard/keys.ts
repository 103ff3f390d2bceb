import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'
import type { GuardLog } from './options.ts'

export interface GuardKeysOptions {
  readonly keys?: JWTVerifyGetKey
  readonly fetch?: typeof globalThis.fetch
  readonly log?: GuardLog
}

/** The server's public keys, fetched when they are needed and kept. */
export class GuardKeys {
  /** How often keys could not be had; tells a bad token from a server that cannot be reached. */
  failures = 0
  readonly #find: JWTVerifyGetKey
  readonly #reload: () => Promise<void>

  constructor(server: string, { keys, fetch, log }: GuardKeysOptions) {
    if (keys) {
      this.#find = keys
      this.#reload = () => Promise.resolve()
      return
    }
    // An unknown `kid` fetches anew, at most once in 5 s: nobody can make the guard hammer the server.
    const remote = createRemoteJWKSet(new URL(`${server}/.well-known/jwks.json`), {
      cooldownDuration: 5000,
      cacheMaxAge: 600_000,
      timeoutDuration: 3000,
      ...(fetch === undefined ? {} : { [customFetch]: (url, options) => fetch(url, options) }),
    })
    this.#find = remote
    this.#reload = async () => {
      try {
        await remote.reload()
      } catch (error) {
        log?.warn({ error: String(error) }, 'the keys could not be fetched')
      }
    }
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    try {
      return await this.#find(header, token)
    } catch (error) {
      const isAnswer =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys
      if (!isAnswer) this.failures++
      throw error
    }
  }

  /** Fetches the keys ahead of the first token. */
  prefetch(): void {
    void this.#reload()
  }
}
