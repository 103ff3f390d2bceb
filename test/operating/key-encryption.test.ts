/** Signing keys are wrapped under a key that is not in the database. */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compose, type Composition } from '../../src/server/compose.ts'
import { loadConfig, type Config } from '../../src/server/config.ts'
import { readEncryptionKeys } from '../../src/server/key-encryption.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { openWrappedKeys } from '../../src/core/wrapped-keys.ts'
import { newKey } from '../../src/core/loaded-key.ts'
import { finding, findings, withFolder } from './doctor.ts'

const one = Buffer.alloc(32, 1).toString('base64')
const two = Buffer.alloc(32, 2).toString('hex')
const bytes = (...texts: readonly string[]): readonly Uint8Array[] =>
  texts.map((text) => Buffer.from(text, text.length === 64 ? 'hex' : 'base64'))

async function settings(
  keyEncryption: Partial<Config['keyEncryption']>,
  more: object = {},
): Promise<Config> {
  return loadConfig({}, { demo: true, port: 0, keyEncryption, ...more })
}

function start(dataDir: string, keys: readonly string[]): Promise<Composition> {
  const world = {
    clock: systemClock,
    random: systemRandom(),
    log: silentLog,
    otpSender: { send: () => Promise.resolve() },
  }
  const cheap = { passwordCost: { memoryKiB: 64, passes: 1 }, accessLog: false, dataDir }
  return settings(keys.length === 0 ? {} : { keys }, cheap).then((config) => compose(config, world))
}

describe('a server with a key encryption key', () => {
  test('wraps what lay in the clear, leaves nothing of it in the file, and starts with no other key', () =>
    withFolder(async (data) => {
      const path = join(data, 'outright.db')
      const clear = await start(data, [])
      const [key] = await clear.store.listKeys()
      const { d } = JSON.parse(key?.privateJwk ?? '{}') as { d: string }
      const { token: signed } = await clear.dependencies.keys.sign({ sub: 'maria' })
      await clear.close()
      assert.ok(readFileSync(path).includes(d))
      assert.equal(finding(await findings({ data }), 'store.signing-keys').verdict, 'warn')

      const wrapped = await start(data, [one])
      const { keys } = wrapped.dependencies
      assert.ok(
        await keys.find({ alg: 'ES256', kid: key?.kid ?? '' }, { payload: '', signature: '' }),
      )
      assert.match((await keys.sign({ sub: 'maria' })).token, /^ey/)
      assert.match(signed, /^ey/)
      await wrapped.close()
      assert.ok(!readFileSync(path).includes(d))
      const environment = { OUTRIGHT_KEY_ENCRYPTION_KEY: one }
      const found = finding(await findings({ data, environment }), 'store.signing-keys')
      assert.deepEqual([found.verdict, found.measured], ['ok', 'wrapped'])

      for (const other of [[], [two]]) {
        await assert.rejects(start(data, other), {
          message: new RegExp(`^Cannot read the signing keys: key ${key?.kid} is wrapped under .+`),
        })
      }
      assert.equal(finding(await findings({ data }), 'store.signing-keys').verdict, 'fail')
    }))
})

describe('wrapped keys in a store', () => {
  test('another wrapping key: both are read, the first wraps; then the old one is not needed', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'outright.db')
      const store = await openSqliteStore({ path, stream: 'node-1', durability: 'full' })
      const before = await openWrappedKeys(store, bytes(one))
      const key = await newKey('a', 'ES256', 1)
      await before.rotateKeys(key, 1, true)
      assert.deepEqual(await before.listKeys(), [key])
      assert.notEqual((await store.listKeys())[0]?.privateJwk, key.privateJwk)
      for (const keys of [bytes(two, one), bytes(two)]) {
        assert.deepEqual(await (await openWrappedKeys(store, keys)).listKeys(), [key])
      }
      await assert.rejects(openWrappedKeys(store, bytes(one)), { name: 'KeysLocked' })
      // A node that still has only the old key says that it cannot read, not that there is none.
      await assert.rejects(before.listKeys(), { name: 'Refusal' })
      await store.close()
    }))

  test('a key in the place of another, or changed, does not open', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'outright.db')
      const store = await openSqliteStore({ path, stream: 'node-1', durability: 'full' })
      const wrapped = await openWrappedKeys(store, bytes(one))
      await wrapped.rotateKeys(await newKey('a', 'ES256', 1), 1, false)
      await wrapped.rotateKeys(await newKey('b', 'ES256', 2), 2, false)
      const [b, a] = await store.listKeys()
      await store.rewriteKey('b', a?.privateJwk ?? '')
      await assert.rejects(openWrappedKeys(store, bytes(one)), { message: /key b was changed/ })
      await store.rewriteKey('b', `${b?.privateJwk ?? ''}A`)
      await assert.rejects(openWrappedKeys(store, bytes(one)), { message: /key b was changed/ })
      await store.close()
    }))
})

describe('where the key encryption key comes from', () => {
  test('a file, or a command that prints it; the first of several wraps', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'keys')
      writeFileSync(file, `${one}\n${two}\n`)
      const command = join(folder, 'kms')
      writeFileSync(command, `#!/bin/sh\necho "$1"\n`)
      chmodSync(command, 0o700)
      assert.deepEqual(await readEncryptionKeys(await settings({ file })), bytes(one, two))
      const printed = await settings({ command: [command, two] })
      assert.deepEqual(await readEncryptionKeys(printed), bytes(two))
      assert.deepEqual(await readEncryptionKeys(await settings({ keys: [one] })), bytes(one))
      assert.deepEqual(await readEncryptionKeys(await settings({})), [])
    }))

  test('what is not a key is refused by the name of its setting, and not shown', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'keys')
      const short = Buffer.alloc(16, 7).toString('base64')
      writeFileSync(file, short)
      const cases: readonly [Partial<Config['keyEncryption']>, RegExp][] = [
        [{ keys: [one, short] }, /keyEncryption\.keys: key 2 is not 32 bytes/],
        [{ file }, /keyEncryption\.file: key 1 is not 32 bytes/],
        [{ file: join(folder, 'none') }, /keyEncryption\.file .*none: .*ENOENT/],
        [{ command: ['false'] }, /keyEncryption\.command false: it ended with 1/],
        [{ command: ['true'] }, /keyEncryption\.command: it gives no key/],
        [{ keys: [one], file }, /keyEncryption\.keys and keyEncryption\.file together/],
      ]
      for (const [given, message] of cases) {
        await assert.rejects(readEncryptionKeys(await settings(given)), (error: Error) => {
          assert.equal(error.name, 'ConfigError')
          assert.match(error.message, message)
          assert.ok(!error.message.includes(short))
          return true
        })
      }
    }))
})
