import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ConfigError, loadConfig, type ConfigFile } from './config.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outright-config-'))
})
after(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

describe('where settings come from', () => {
  test('the documented defaults, and nothing of the demo', async () => {
    const config = await loadConfig({})
    assert.equal(config.host, '127.0.0.1')
    assert.equal(config.port, 8080)
    assert.equal(config.dataDir, './data')
    assert.equal(config.issuer, 'http://127.0.0.1:8080')
    assert.equal(config.databaseUrl, undefined)
    assert.equal(config.adminToken, undefined)
    assert.equal(config.rateLimitFactor, 1)
    assert.deepEqual(config.audiences, [])
    assert.ok(Object.isFrozen(config.dialects.matar))
  })

  test('every variable of the environment', async () => {
    const config = await loadConfig({
      OUTRIGHT_HOST: '0.0.0.0',
      OUTRIGHT_PORT: '9000',
      OUTRIGHT_DATA: '/var/lib/outright',
      OUTRIGHT_DATABASE_URL: 'postgres://db/outright',
      OUTRIGHT_NODE: 'node-7',
      OUTRIGHT_ISSUER: 'https://auth.example/',
      OUTRIGHT_ADMIN_TOKEN: 'a-token',
      OUTRIGHT_RATE_LIMIT_FACTOR: '2.5',
    })
    assert.equal(config.host, '0.0.0.0')
    assert.equal(config.port, 9000)
    assert.equal(config.dataDir, '/var/lib/outright')
    assert.equal(config.databaseUrl, 'postgres://db/outright')
    assert.equal(config.node, 'node-7')
    assert.equal(config.issuer, 'https://auth.example')
    assert.equal(config.adminToken, 'a-token')
    assert.equal(config.rateLimitFactor, 2.5)
  })

  test('file, then environment, then command line; the later wins', async () => {
    const path = await file(
      'a.json',
      '{"port":1,"host":"::1","dialects":{"matar":{"prefix":"/m"}}}',
    )
    const environment = { OUTRIGHT_CONFIG: path, OUTRIGHT_PORT: '2' }
    const config = await loadConfig(environment, { port: 3 })
    assert.deepEqual([config.port, config.host], [3, '::1'])
    assert.equal((await loadConfig(environment)).port, 2)
    // What the file does not name stays as it was.
    assert.deepEqual([config.dialects.matar.prefix, config.dialects.matar.enabled], ['/m', true])
  })

  test('a TypeScript file', async () => {
    const path = await file('b.ts', 'const port: number = 4\nexport default { port }\n')
    assert.equal((await loadConfig({}, { configPath: path })).port, 4)
  })
})

describe('what cannot be used is refused by its name', () => {
  const wrong: readonly (readonly [string, ConfigFile, RegExp])[] = [
    ['a port', { port: 70_000 }, /setting port/],
    ['a factor', { rateLimitFactor: 0 }, /setting rateLimitFactor/],
    ['a lease', { leaseMs: 5 }, /setting leaseMs/],
    ['a renewal', { renewMs: 1500 }, /setting renewMs/],
    ['an issuer', { issuer: 'ftp://x' }, /setting issuer/],
    ['a proxy', { trustedProxies: ['nowhere'] }, /trustedProxies/],
    ['a prefix', { dialects: { baanx: { prefix: 'x y' } } }, /dialects\.baanx\.prefix/],
    ['a node', { node: 'a b' }, /setting node/],
    ['the console sender outside the demo', { otpSender: { kind: 'console' } }, /otpSender/],
    ['a setting that does not exist', { prot: 1 } as ConfigFile, /setting prot/],
  ]
  for (const [name, settings, message] of wrong) {
    test(name, async () => {
      await assert.rejects(loadConfig({}, settings), (error: Error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, message)
        return true
      })
    })
  }

  test('a number that is none, a file that is not there', async () => {
    await assert.rejects(loadConfig({ OUTRIGHT_PORT: 'eighty' }), /OUTRIGHT_PORT: "eighty"/)
    await assert.rejects(loadConfig({ OUTRIGHT_CONFIG: join(folder, 'no.json') }), /Cannot read/)
  })
})
