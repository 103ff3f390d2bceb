/** Keys that sign: part of the store's port, see `store.ts`. */

export interface SigningKey {
  readonly kid: string
  readonly algorithm: 'ES256' | 'EdDSA' | 'RS256'
  /** JWK, private parts included, as JSON text; in a store perhaps wrapped (`core/wrapped-keys.ts`). */
  readonly privateJwk: string
  readonly createdAtMs: number
  /** From when on it signs no more; undefined for the key that signs. */
  readonly retiredAtMs: number | undefined
  /** From when on nothing that it signed can be alive: see `rotateKeys`. */
  readonly removeAfterMs: number | undefined
}

export interface KeyStore {
  /** Newest first. */
  listKeys(): Promise<readonly SigningKey[]>
  /**
   * Makes `next` the key that signs and retires the one that did, in one transaction, until the
   * moment that `removeKeyAfterMs` makes of the access horizon. Where `unlessPresent` is true and
   * some key signs already, changes nothing and returns false.
   */
  rotateKeys(next: SigningKey, retiredAtMs: number, unlessPresent: boolean): Promise<boolean>
  /**
   * Stores another text for a key that is there, and leaves nothing of the earlier one in the file
   * where the store has one. Resolves with whether there was such a key.
   */
  rewriteKey(kid: string, privateJwk: string): Promise<boolean>
}
