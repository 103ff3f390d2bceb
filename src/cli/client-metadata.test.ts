import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { Command } from 'commander'
import { metadataFrom, withMetadataOptions } from './client-metadata.ts'
import { CliError } from './exit.ts'

suite('the keys of a client, from a file', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-metadata-'))
  })
  after(() => rm(folder, { recursive: true }))

  async function read(text: string) {
    const file = join(folder, 'keys.json')
    await writeFile(file, text)
    const command = withMetadataOptions(new Command())
    return metadataFrom(command.parse(['--jwks', file], { from: 'user' }))
  }

  test('public ones are taken as they are', async () => {
    const keys = { keys: [{ kty: 'EC', crv: 'P-256', x: 'd', y: '"d":', kid: 'k' }] }
    assert.deepEqual(await read(JSON.stringify(keys)), { jwks: keys })
  })

  test('private ones are refused, however they are written, and not repeated', async () => {
    for (const text of [
      '{"keys": [{"kty": "EC", "d" : "secret-part"}]}',
      '{"keys": [{"kty": "EC", "\\u0064": "secret-part"}]}',
      '{"keys": [{"kty": "oct", "k": "secret-part"}]}',
      '{"kty": "RSA", "p": "secret-part"}',
    ]) {
      await assert.rejects(read(text), (error: unknown) => {
        assert.ok(error instanceof CliError)
        assert.match(error.message, /are not public: leave out the private parts$/)
        assert.doesNotMatch(error.message, /secret-part/)
        return true
      })
    }
  })
})
