/**
 * Where the keys come from under which signing keys are wrapped: the environment, a file, a
 * command.
 */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { systemReason } from '../domain/system-error.ts'
import { WRAPPING_KEY_BYTES } from '../core/wrapped-keys.ts'
import { ConfigError, type Config } from './config.ts'

const COMMAND_WITHIN_MS = 30_000

/**
 * Reads the wrapping keys: the first wraps, all unwrap.
 *
 * @throws {ConfigError} Where they cannot be read or are not keys. Nothing of a key is in its
 *   message.
 */
export async function readEncryptionKeys({
  keyEncryption,
}: Pick<Config, 'keyEncryption'>): Promise<readonly Uint8Array[]> {
  const { keys = [], file = '', command = [] } = keyEncryption
  const given = Object.entries({ keys, file, command }).filter(([, value]) => value.length > 0)
  if (given.length > 1) {
    const names = given.map(([name]) => `keyEncryption.${name}`).join(' and ')
    throw new ConfigError(`Cannot use ${names} together: give the keys in one way`)
  }
  if (file !== '') return parseKeys(await readKeyFile(file), 'keyEncryption.file')
  if (command.length > 0) return parseKeys(await runCommand(command), 'keyEncryption.command')
  return parseKeys(keys.join('\n'), 'keyEncryption.keys')
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const reason = systemReason(error) ?? 'unknown'
    throw new ConfigError(`Cannot read keyEncryption.file ${file}: ${reason}`)
  }
}

/** A KMS or a vault by its own command line. What it prints is a key and is never shown. */
async function runCommand([program = '', ...args]: readonly string[]): Promise<string> {
  try {
    const options = { timeout: COMMAND_WITHIN_MS, maxBuffer: 65_536 }
    return (await promisify(execFile)(program, args, options)).stdout
  } catch (error) {
    const { code, killed } = error as { readonly code?: unknown; readonly killed?: boolean }
    const reason = killed === true ? 'it took too long' : `it ended with ${String(code)}`
    throw new ConfigError(`Cannot run keyEncryption.command ${program}: ${reason}`)
  }
}

/** One key a line, or several with commas between: 32 bytes as base64, base64url or hexadecimal. */
function parseKeys(text: string, setting: string): readonly Uint8Array[] {
  const words = text.split(/[\s,]+/).filter((word) => word !== '')
  const keys = words.map((word) =>
    Buffer.from(word, /^[0-9a-f]{64}$/i.test(word) ? 'hex' : 'base64'),
  )
  const wrong = keys.findIndex((key) => key.length !== WRAPPING_KEY_BYTES)
  if (wrong !== -1) {
    throw new ConfigError(
      `Cannot use ${setting}: key ${String(wrong + 1)} is not 32 bytes of base64 or hexadecimal; ` +
        'openssl rand -base64 32 makes one',
    )
  }
  if (keys.length === 0 && setting !== 'keyEncryption.keys') {
    throw new ConfigError(`Cannot use ${setting}: it gives no key`)
  }
  return keys
}
