/**
 * Signing keys as they lie in a store: each wrapped as a JWE (RFC 7516; `dir`, A256GCM) under a key
 * that is not in the database, so that a leaked database, backup or export does not let anyone
 * sign. Without such a key they are stored in plain text.
 */
import { hash } from 'node:crypto'
import { base64url, CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import { Refusal } from '../domain/failure.ts'
import type { KeyStore, SigningKey } from '../ports/store.ts'

/** Bytes of a wrapping key: AES-256. */
export const WRAPPING_KEY_BYTES = 32

const ALGORITHM = 'dir'
const ENCRYPTION = 'A256GCM'

/** Wrapped keys that no wrapping key opens; the message says so to an operator. */
export class KeysLocked extends Error {
  override readonly name = 'KeysLocked'

  constructor(problem: string) {
    super(`Cannot read the signing keys: ${problem}`)
  }
}

/**
 * Reads every key once, wraps those that are in plain text or under an earlier wrapping key, and
 * returns the store with its keys unwrapped.
 *
 * @param wrappingKeys 32 bytes each. The first wraps; all unwrap. None: keys are in plain text.
 * @throws {KeysLocked} Where none of them opens a key of the store.
 * @throws {Refusal} `store_unavailable`.
 */
export async function openWrappedKeys(
  store: KeyStore,
  wrappingKeys: readonly Uint8Array[],
): Promise<Pick<KeyStore, 'listKeys' | 'rotateKeys'>> {
  const [current] = wrappingKeys
  for (const { kid, privateJwk } of await store.listKeys()) {
    const clear = await unwrap(kid, privateJwk, wrappingKeys)
    if (current === undefined || wrappedUnder(privateJwk) === nameOf(current)) continue
    try {
      await store.rewriteKey(kid, await wrap(kid, clear, current))
    } catch (error) {
      // On a full disk it stays as it is, and the next start tries again.
      if (!(error instanceof Refusal) || error.failure.kind !== 'store_unavailable') throw error
    }
  }
  return {
    async listKeys() {
      try {
        return await Promise.all(
          (await store.listKeys()).map(async (key): Promise<SigningKey> => {
            const privateJwk = await unwrap(key.kid, key.privateJwk, wrappingKeys)
            return { ...key, privateJwk }
          }),
        )
      } catch (error) {
        if (!(error instanceof KeysLocked)) throw error
        // Another node wraps under a key that this one was not given.
        throw new Refusal({ kind: 'store_unavailable', reason: error.message })
      }
    },
    async rotateKeys(next, retiredAtMs, unlessPresent) {
      const { kid, privateJwk } = next
      const stored = current === undefined ? privateJwk : await wrap(kid, privateJwk, current)
      return store.rotateKeys({ ...next, privateJwk: stored }, retiredAtMs, unlessPresent)
    },
  }
}

/** Whether a key as it is stored is wrapped. JSON begins with a brace, a JWE never does. */
export function isWrapped(stored: string): boolean {
  return !stored.startsWith('{')
}

/**
 * The private JWK of a stored key.
 *
 * @throws {KeysLocked} Where none of the wrapping keys opens it.
 */
export async function unwrap(
  kid: string,
  stored: string,
  wrappingKeys: readonly Uint8Array[],
): Promise<string> {
  if (!isWrapped(stored)) return stored
  const name = wrappedUnder(stored)
  const wrappingKey = wrappingKeys.find((key) => nameOf(key) === name)
  if (wrappingKey === undefined) {
    const given = wrappingKeys.length === 0 ? 'none was given' : 'none that was given is that one'
    throw new KeysLocked(
      `key ${kid} is wrapped under the key encryption key ${String(name)}, and ${given}; ` +
        'give the one that the server had before (OUTRIGHT_KEY_ENCRYPTION_KEY)',
    )
  }
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(stored, wrappingKey, {
      keyManagementAlgorithms: [ALGORITHM],
      contentEncryptionAlgorithms: [ENCRYPTION],
    })
    // A key that was put into the place of another is not used under its name.
    if (protectedHeader['signingKey'] === kid) return new TextDecoder().decode(plaintext)
  } catch {
    // Said below: its reason could name nothing that helps.
  }
  throw new KeysLocked(`key ${kid} was changed in the database, and does not open`)
}

function wrap(kid: string, privateJwk: string, wrappingKey: Uint8Array): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(privateJwk))
    .setProtectedHeader({
      alg: ALGORITHM,
      enc: ENCRYPTION,
      kid: nameOf(wrappingKey),
      signingKey: kid,
    })
    .encrypt(wrappingKey)
}

/** Identifies a wrapping key without revealing it. */
function nameOf(wrappingKey: Uint8Array): string {
  const input = `outright key encryption key ${base64url.encode(wrappingKey)}`
  return hash('sha256', input, 'base64url').slice(0, 11)
}

function wrappedUnder(stored: string): unknown {
  try {
    return isWrapped(stored) ? decodeProtectedHeader(stored).kid : undefined
  } catch {
    return 'that cannot be read'
  }
}
