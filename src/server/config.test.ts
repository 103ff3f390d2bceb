import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { defineDialect } from '../http/surface-module.ts'
import { group, text } from '../settings/schema.ts'
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
      OUTRIGHT_ADMIN_TOKEN: 'm9vXk2-Zt7QpLw4sRb8dYc1f',
      OUTRIGHT_RATE_LIMIT_FACTOR: '2.5',
    })
    assert.equal(config.host, '0.0.0.0')
    assert.equal(config.port, 9000)
    assert.equal(config.dataDir, '/var/lib/outright')
    assert.equal(config.databaseUrl, 'postgres://db/outright')
    assert.equal(config.node, 'node-7')
    assert.equal(config.issuer, 'https://auth.example')
    assert.equal(config.adminToken, 'm9vXk2-Zt7QpLw4sRb8dYc1f')
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

  test('a JSON file that begins with a byte order mark', async () => {
    const path = await file('mark.json', '\uFEFF{"port":5}')
    assert.equal((await loadConfig({}, { configPath: path })).port, 5)
  })

  test('a TypeScript file', async () => {
    const path = await file('b.ts', 'const port: number = 4\nexport default { port }\n')
    assert.equal((await loadConfig({}, { configPath: path })).port, 4)
  })
})

describe('what cannot be used is refused by its name, with what was given and what is allowed', () => {
  const life = { dialects: { matar: { options: { accessLifetimeMs: -1 } } } }
  const wrong: readonly (readonly [string, unknown, RegExp])[] = [
    ['a port', { port: 70_000 }, /port is 70000; allowed: a whole number from 0 to 65535/],
    ['a factor', { rateLimitFactor: 0 }, /rateLimitFactor is 0; allowed: a number above 0/],
    ['no lease', { leaseMs: 0 }, /leaseMs is 0; allowed: a whole number of milliseconds from 200/],
    ['a renewal', { renewMs: 1500 }, /renewMs is 1500; allowed: at most half of leaseMs/],
    ['an issuer', { issuer: 'ftp://x' }, /issuer is "ftp:\/\/x"; allowed: an http or https URL/],
    ['a query', { issuer: 'https://x/?a' }, /issuer is /],
    ['a space before', { issuer: ' https://x' }, /issuer is " https:\/\/x"; allowed: /],
    ['a space behind', { issuer: 'https://x/ ' }, /issuer is "https:\/\/x\/ "; allowed: /],
    ['a tab within', { issuer: 'https://x\t.y' }, /issuer is /],
    ['capital letters', { issuer: 'HTTPS://X' }, /issuer is .*, as browsers write it/],
    ['the usual port', { issuer: 'https://x:443' }, /issuer is .*, as browsers write it/],
    ['dots in the path', { issuer: 'https://x/a/../b' }, /issuer is .*, as browsers write it/],
    ['letters that are not ASCII', { issuer: 'https://\u00fc.x' }, /issuer is .*, as browsers/],
    ['a space in another URL', { forwardAuth: { loginUrl: 'https://x ' } }, /loginUrl is /],
    ['a proxy', { trustedProxies: ['nowhere'] }, /trustedProxies\[0\] is "nowhere"; allowed: /],
    ['a proxy twice', { trustedProxies: ['10.0.0.1', '10.0.0.1'] }, /trustedProxies\[1\]/],
    ['an address of three numbers', { trustedProxies: ['10.0.1'] }, /trustedProxies\[0\]/],
    ['a range that never matches', { trustedProxies: ['::ffff:10.0.0.0/8'] }, /IPv4-mapped/],
    ['a prefix', { dialects: { baanx: { prefix: 'x y' } } }, /dialects\.baanx\.prefix is "x y"/],
    ['a prefix upwards', { dialects: { baanx: { prefix: '/a/..' } } }, /dialects\.baanx\.prefix/],
    ['our own prefix', { dialects: { baanx: { prefix: '/docs' } } }, /dialects\.baanx\.prefix/],
    ['a dialect', { dialects: { baanks: {} } }, /dialects\.baanks is not a setting; .*baanx\?/],
    ['a node', { node: 'a b' }, /node is "a b"; allowed: 1 to 64/],
    ['a word', { durability: 'fulll' }, /durability is "fulll"; allowed: full, off/],
    ['text for a switch', { demo: 'false' }, /demo is "false"; allowed: true, false/],
    ['a negative life', life, /dialects\.matar\.options\.accessLifetimeMs is -1; allowed: /],
    ['undefined', { databaseUrl: undefined }, /databaseUrl is undefined; allowed: /],
    ['null', { audiences: null }, /audiences is null; allowed: a list/],
    ['the console sender', { otpSender: { kind: 'console' } }, /otpSender\.kind is "console"/],
    [
      'a sender',
      { otpSender: { kind: 'webhok' } },
      /kind is "webhok"; allowed: none, console, webhook/,
    ],
    [
      'half a sender',
      { otpSender: { kind: 'webhook' } },
      /otpSender\.url is missing.*\n.*\.secret is/,
    ],
    ['a setting that does not exist', { prot: 1 }, /prot is not a setting; did you mean port\?/],
    ['a host', { host: 'http://x' }, /host is "http:\/\/x"; allowed: an IP address or a host name/],
  ]
  for (const [name, settings, message] of wrong) {
    test(name, () => refused(loadConfig({}, settings as ConfigFile), message))
  }

  test('a webhook that is not an address, with an empty secret: both at once', async () => {
    const otpSender = { kind: 'webhook', url: 'file:///etc/passwd', secret: '' } as const
    await refused(
      loadConfig({}, { otpSender }),
      /^Cannot use 2 settings:\n {2}otpSender\.url is "file:.*\n {2}otpSender\.secret is empty/,
    )
  })

  test('what is wrong in the file, the environment and the command line, all at once', async () => {
    const path = await file('wrong.json', '{"durability":"fulll","leesMs":1}')
    const environment = { OUTRIGHT_CONFIG: path, OUTRIGHT_PORT: '0x1F90', OUTRIGHT_PROT: '1' }
    await assert.rejects(loadConfig(environment, {}, { '--host': '' }), {
      message: `Cannot use 5 settings:
  leesMs is not a setting (wrong.json); did you mean leaseMs?
  durability is "fulll" (wrong.json); allowed: full, off
  OUTRIGHT_PROT is not a variable of Outright; did you mean OUTRIGHT_PORT?
  port is "0x1F90" (OUTRIGHT_PORT); allowed: a whole number from 0 to 65535
  host is empty (--host); allowed: an IP address or a host name`,
    })
  })

  test('numbers of the environment are digits and nothing else', async () => {
    for (const text of ['eighty', '1e3', ' 80', '80 ', '+80', '80.0', '']) {
      await refused(loadConfig({ OUTRIGHT_PORT: text }), /port is .*\(OUTRIGHT_PORT\)/)
    }
  })

  test('a variable that is empty is not one that is not set', async () => {
    await refused(loadConfig({ OUTRIGHT_ADMIN_TOKEN: '' }), /adminToken is empty/)
    await refused(loadConfig({ OUTRIGHT_CONFIG: '' }), /OUTRIGHT_CONFIG is empty/)
  })

  test('what Kubernetes sets for a service of this name, with the remedy', async () => {
    const links = { OUTRIGHT_SERVICE_HOST: '10.0.0.1', OUTRIGHT_PORT: 'tcp://10.0.0.1:8080' }
    await refused(loadConfig(links), /OUTRIGHT_SERVICE_HOST .*enableServiceLinks: false/)
    await refused(loadConfig(links), /port is "tcp:\/\/10\.0\.0\.1:8080"/)
  })

  test('a name that stands twice in a JSON file', async () => {
    const twice = await file(
      'twice.json',
      '{ "port": 1, "dialects": { "matar": {}, "matar": {} } }',
    )
    await refused(
      loadConfig({ OUTRIGHT_CONFIG: twice }),
      /Cannot read configuration file .*twice\.json: dialects\.matar stands there twice$/,
    )
  })

  test('a file that is not there, or holds something else', async () => {
    const cannot = (path: string, reason: RegExp) =>
      refused(
        loadConfig({ OUTRIGHT_CONFIG: path }),
        new RegExp(`^Cannot read configuration file ${path}: ${reason.source}$`),
      )
    for (const name of ['no.json', 'no.ts']) {
      await cannot(join(folder, name), /there is no such file or folder \(ENOENT\)/)
    }
    await cannot(folder, /it is a folder \(EISDIR\)/)
    await cannot(await file('a.yaml', 'port: 1'), /its name has to end in \.ts, \.js or \.json/)
    const list = await file('list.json', '[]')
    await refused(
      loadConfig({ OUTRIGHT_CONFIG: list }),
      /the configuration is an empty list \(list\.json\)/,
    )
  })
})

describe('what is public protects nothing', () => {
  const secret = 'outright-demo-admin'
  test('the credentials of the demo and of the examples, wherever a secret stands', async () => {
    for (const adminToken of [secret, 'outright-demo-guard', 'octopus-demo-secret', 'REPLACE-ME']) {
      await refused(
        loadConfig({ OUTRIGHT_ADMIN_TOKEN: adminToken }),
        /adminToken is a credential of/,
      )
    }
    const sender = { kind: 'webhook', url: 'https://sms.example', secret } as const
    await refused(loadConfig({}, { otpSender: sender }), /otpSender\.secret is a credential/)
    const softwareStatements = [{ statement: 'demo-software-statement', requestors: ['A'] }]
    await refused(
      loadConfig({}, { dialects: { adobePass: { options: { softwareStatements } } } }),
      /adobePass\.options\.softwareStatements\[0\]\.statement is a credential/,
    )
  })

  test('resource servers whose secret can be guessed, or that share an id', async () => {
    const good = 'J7pQv2mX9sLk4WbN8cRt6YdZ'
    const server = (id: string, secret: string) => ({ id, secret, audiences: ['orders'] })
    const load = (...resourceServers: ReturnType<typeof server>[]) =>
      loadConfig({}, { resourceServers })
    await assert.doesNotReject(load(server('a', good), server('b', good)))
    await assert.rejects(load(server('a', 'short')), (error: Error) => {
      assert.match(error.message, /resourceServers\[0\]\.secret is short or uniform enough/)
      return !error.message.includes('"short"')
    })
    await assert.rejects(load(server('a', 'demo-api-secret')), /secret is a credential of the demo/)
    await assert.rejects(load(server('a', good), server('a', good)), /\[1\]\.id is "a"/)
  })

  test('single sign-on of operators: what is missing, and what does not go together', async () => {
    const issuer = 'https://id.example/realms/staff'
    const provider = { title: 'Example', issuer, clientId: 'outright', clientSecret: 'secret' }
    const load = (singleSignOn: object, environment = {}) =>
      loadConfig(environment, { operators: { singleSignOn } })
    const { singleSignOn } = (await load(provider)).operators
    assert.deepEqual(singleSignOn, { ...provider, scopes: ['email'] })
    assert.equal((await loadConfig({})).operators.singleSignOn, undefined)
    const { clientSecret, ...rest } = provider
    const environment = { OUTRIGHT_OPERATORS_CLIENT_SECRET: clientSecret }
    assert.deepEqual((await load(rest, environment)).operators.singleSignOn, singleSignOn)
    await assert.rejects(loadConfig(environment), /operators\.singleSignOn\.issuer is missing/)
    await assert.rejects(load(rest), /has no clientSecret, or two/)
    await assert.rejects(
      load({ ...provider, clientSecretFile: 'f' }),
      /has no clientSecret, or two/,
    )
    for (const other of [
      'http://id.example',
      'https://id.example/?a',
      'https://user:secret@id.example',
      'id.example',
    ]) {
      await refused(load({ ...provider, issuer: other }), /singleSignOn\.issuer is .*an https URL/)
    }
    for (const other of ['http://127.0.0.1:9000', 'http://[::1]:9000', 'http://localhost:9000']) {
      await load({ ...provider, issuer: other })
    }
    await refused(load({ ...provider, roles: {} }), /roles gives no role/)
    const roles = { viewer: ['staff'], admin: ['staff'] }
    await refused(load({ ...provider, roles }), /roles has "staff" for two roles/)
    await refused(
      load({ ...provider, clientSecret: 'REPLACE-ME' }),
      /clientSecret is a credential of the demo or of an example/,
    )
  })

  test('an admin token that can be guessed, and no word of it', async () => {
    for (const adminToken of ['correct-horse', 'm9vXk2-Zt7QpLw4sRb8dYc1', 'ab'.repeat(32)]) {
      const start = loadConfig({ OUTRIGHT_ADMIN_TOKEN: adminToken })
      await refused(
        start,
        /adminToken is short or uniform enough to be guessed; allowed: at least 24/,
      )
      await assert.rejects(start, (error: Error) => !error.message.includes(adminToken))
      assert.equal((await loadConfig({}, { adminToken, demo: true })).adminToken, adminToken)
    }
  })

  test('in the demo they are what they are for', async () => {
    assert.equal((await loadConfig({}, { demo: true })).adminToken, secret)
  })
})

describe('where to listen', () => {
  for (const [host, listen, issuer] of [
    ['[::1]', '::1', 'http://[::1]:8080'],
    ['::1', '::1', 'http://[::1]:8080'],
    ['::1%lo', '::1%lo', 'http://[::1]:8080'],
    ['[::]', '::', 'http://127.0.0.1:8080'],
    ['localhost', 'localhost', 'http://localhost:8080'],
  ] as const) {
    test(host, async () => {
      const config = await loadConfig({ OUTRIGHT_HOST: host })
      assert.deepEqual([config.host, config.issuer], [listen, issuer])
    })
  }
})

describe('a dialect of an installation’s own brings its schema', () => {
  const acme = defineDialect<{ readonly greeting: string }>({
    name: 'acme',
    title: 'Acme',
    options: group<{ readonly greeting: string }>({ greeting: text({ default: 'hello' }) }),
    create: () => assert.fail('not before the start'),
  })

  test('its options are held against it', async () => {
    const custom = (options: Record<string, unknown>) =>
      loadConfig({}, { customDialects: [{ dialect: acme, options }] })
    await refused(custom({ greting: 'hi' }), /customDialects\[0\]\.options\.greting .*greeting\?/)
    await refused(custom({ greeting: 1 }), /customDialects\[0\]\.options\.greeting is 1; allowed: /)
    await custom({ greeting: 'hi' })
  })

  test('its place is checked like any other’s', async () => {
    const placed = [{ dialect: acme, prefix: 'acme' }]
    await refused(
      loadConfig({}, { customDialects: placed }),
      /customDialects\[0\]\.prefix is "acme"/,
    )
  })
})

describe('other issuers', () => {
  const one = { name: 'sso', issuer: 'https://sso.example', audience: ['orders'] }

  test('each has a name and an iss of its own', async () => {
    const other = { ...one, name: 'other', issuer: 'https://other.example' }
    await loadConfig({}, { issuers: [one, other] })
    await refused(
      loadConfig({}, { issuers: [one, { ...other, name: 'sso' }] }),
      /\[1\]\.name is "sso"/,
    )
    const same = { ...other, issuer: one.issuer }
    await refused(loadConfig({}, { issuers: [one, same] }), /\[1\]\.issuer is "https:\/\/sso/)
  })

  test('none has the name of the demo’s own, in the demo', async () => {
    const named = { ...one, name: 'demo-provider' }
    await loadConfig({}, { issuers: [named] })
    await refused(
      loadConfig({}, { demo: true, issuers: [named] }),
      /\[0\]\.name is "demo-provider"/,
    )
  })
})

async function refused(loading: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(loading, (error: Error) => {
    assert.ok(error instanceof ConfigError)
    assert.match(error.message, message)
    return true
  })
}
