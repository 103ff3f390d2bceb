import { errors, type JWTVerifyGetKey } from 'jose'

/** The search for the key of one token, and how it ended. */
export class KeySearch {
  /** `none`: there is no such key; `failed`: unknown. */
  ended: 'found' | 'none' | 'failed' = 'found'
  readonly #find: JWTVerifyGetKey

  constructor(find: JWTVerifyGetKey) {
    this.#find = find
  }

  /** Without a promise where the key is there. */
  readonly find: JWTVerifyGetKey = (header, input) => {
    try {
      const found = this.#find(header, input)
      return found instanceof Promise ? found.catch(this.#failed) : found
    } catch (error) {
      return this.#failed(error)
    }
  }

  readonly #failed = (error: unknown): never => {
    this.ended = isAnswer(error) ? 'none' : 'failed'
    throw error
  }
}

/** Whether a search for a key ended with an answer, and not because the keys could not be had. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys
  )
}
