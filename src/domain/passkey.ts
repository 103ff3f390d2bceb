/** A passkey (WebAuthn Level 3): what is kept of a key pair whose private half a device holds. */
export interface Passkey {
  /** The credential's id, base64url. */
  readonly id: string
  /** Whose it is: the id of a subject, or `operatorSubject(name)`. */
  readonly holder: string
  /** What its holder calls it; empty where it has no name. */
  readonly name: string
  /** COSE key, base64url. */
  readonly publicKey: string
  /** The authenticator's count of signatures when it was last used; 0 where it does not count. */
  readonly counter: number
  /** How the device can be reached, as it said: `internal`, `hybrid`, `usb` … */
  readonly transports: readonly string[]
  readonly createdAtMs: number
  readonly lastUsedAtMs: number | undefined
}

/** Characters of a passkey's name. */
export const MAX_PASSKEY_NAME_LENGTH = 64

/** Passkeys of one holder; one more is refused. */
export const MAX_PASSKEYS = 20
