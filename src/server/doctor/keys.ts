/** Whether a reader of the database, or of a backup, could sign tokens. */
import { isWrapped, unwrap } from '../../core/wrapped-keys.ts'
import type { Config } from '../config.ts'
import { readEncryptionKeys } from '../key-encryption.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** A signing key as it lies in the database. */
export interface StoredKey {
  readonly kid: string
  readonly stored: string
}

export async function examineKeys(
  keys: readonly StoredKey[],
  config: Pick<Config, 'keyEncryption'>,
): Promise<Finding> {
  const check = 'store.signing-keys'
  try {
    const wrappingKeys = await readEncryptionKeys(config)
    for (const { kid, stored } of keys) await unwrap(kid, stored, wrappingKeys)
    const clear = keys.filter(({ stored }) => !isWrapped(stored)).length
    if (clear === 0) return ok(check, keys.length === 0 ? 'none yet' : 'wrapped')
    return warn(
      check,
      `${String(clear)} of ${String(keys.length)} are in plain text: a reader of the database can sign`,
      wrappingKeys.length === 0
        ? 'set OUTRIGHT_KEY_ENCRYPTION_KEY, then rotate the keys'
        : 'the next start wraps them; then rotate the keys',
    )
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown'
    return fail(check, reason, 'give the key encryption key that the server has')
  }
}
