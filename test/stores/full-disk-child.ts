/**
 * A node on a PostgreSQL whose disk is really full: `node full-disk-child.ts <folder>`, where the
 * folder is a small file system of its own. Throws where something does not hold; otherwise prints
 * what happened.
 */
import assert from 'node:assert/strict'
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import { startCluster } from '../../src/testing/postgres.ts'
import { call, type CallOptions, type Reply } from '../harness.ts'
import { until } from './until.ts'

const [folder = ''] = process.argv.slice(2)
const filler = join(folder, 'filler')

/** Until the disk itself refuses more; then leaves so many bytes. */
function fill(leave: number): void {
  const file = openSync(filler, 'w')
  for (const size of [1 << 20, 1 << 12, 1]) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size))
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    }
  }
  ftruncateSync(file, fstatSync(file).size - leave)
  closeSync(file)
}

const cluster = await startCluster({ settings: { min_wal_size: '32MB', max_wal_size: '64MB' } })
const config = await loadConfig(
  {},
  {
    demo: true,
    port: 0,
    node: 'north',
    databaseUrl: await cluster.createDatabase(),
    issuer: 'http://127.0.0.1:8080',
    passwordCost: { memoryKiB: 64, passes: 1 },
    accessLog: false,
    // Longer than the disk is full: that the node may not renew is not what is tried here.
    leaseMs: 60_000,
    rateLimitFactor: 1_000_000,
  },
)
const node = await compose(config, {
  clock: systemClock,
  random: systemRandom(),
  log: silentLog,
  otpSender: { send: () => Promise.resolve() },
})
const url = await node.app.listen({ host: '127.0.0.1', port: 0 })

const request = (method: string, path: string, options: CallOptions = {}): Promise<Reply> =>
  call(url, method, path, options)
const bearer = (token: string): CallOptions => ({ headers: { authorization: `Bearer ${token}` } })
const logout = (token: string) => request('POST', '/api/v1/logout', bearer(token))
const use = async (token: string): Promise<number> =>
  (await request('GET', '/api/v1/get_current_user', bearer(token))).status
const isReady = async (): Promise<boolean> => (await request('GET', '/readyz')).status === 200

async function login(): Promise<string> {
  const person = { phone_number: '919999900001', name: 'Sri' }
  await request('POST', '/api/v1/login', { body: { ...person, action: 'send_otp' } })
  const reply = await request('POST', '/api/v1/login', {
    body: { ...person, action: 'submit_otp', otp: '12345' },
  })
  return (reply.json() as { access_token: string }).access_token
}

await until(isReady)
const tokens: string[] = []
for (let count = 0; count < 300; count++) tokens.push(await login())
const octopus = await request('POST', '/auth/login', {
  body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
})
const octopusToken = (octopus.json() as { data: { access_token: string } }).data.access_token

// Pages that have room take some more; then a file would have to grow.
fill(64 * 1024)
const ended: string[] = []
const refused: string[] = []
for (const token of tokens) {
  const reply = await logout(token)
  if (reply.status === 200) ended.push(token)
  else {
    assert.equal(reply.status, 503, reply.text)
    assert.equal(reply.text, '{"message":"Service Unavailable"}\n')
    assert.equal(reply.headers['outright-revocation'], undefined)
    refused.push(token)
    if (refused.length === 10) break
  }
}
assert.equal(refused.length, 10, `${String(ended.length)} were stored on a full disk`)
const other = await request('POST', '/auth/logout', bearer(octopusToken))
if (other.status !== 200) {
  assert.equal(other.status, 503)
  assert.match(other.text, /"code":"SERVICE_UNAVAILABLE"/)
}
for (const token of ended) assert.equal(await use(token), 401)

rmSync(filler)
await until(isReady)
for (const token of ended) assert.equal(await use(token), 401)
for (const token of refused) {
  await until(async () => (await logout(token)).status === 200)
  assert.equal(await use(token), 401)
}
await assertChain(node.store, (await node.store.head()).get('north') ?? 0)
await node.close()
await cluster.stop()
process.stdout.write(`${JSON.stringify({ ended: ended.length, refused: refused.length })}\n`)
