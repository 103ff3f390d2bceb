/** What is owed survives `kill -9` and the loss of a node, and arrives under the same id. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, beforeEach, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { DELIVERY_LEASE_MS } from '../../src/core/deliver.ts'
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { call } from '../harness.ts'
import { until } from '../stores/until.ts'
import { childConfig } from './child-config.ts'
import { openProvider, takes, type Behave, type Provider } from './provider.ts'

const child = fileURLToPath(new URL('serve-child.ts', import.meta.url))
const hangs: Behave = () => undefined

let running: ChildProcess | undefined
let provider: Provider
const folders: string[] = []

beforeEach(async () => {
  provider = await openProvider(hangs)
})

after(async () => {
  running?.kill('SIGKILL')
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })))
})

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'outright-deliveries-'))
  folders.push(made)
  return made
}

async function start(dataDir: string, databaseUrl = '-', node = ''): Promise<string> {
  const args = [child, dataDir, databaseUrl, node, provider.url]
  running = spawn(process.execPath, [...process.execArgv.filter(isCondition), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(createInterface({ input: running.stdout! }), 'line')) as [string]
  return url
}

function isCondition(argument: string): boolean {
  return argument.startsWith('--conditions')
}

async function kill(): Promise<void> {
  const gone = once(running!, 'exit')
  running!.kill('SIGKILL')
  await gone
}

async function watchTv(url: string, deviceId: string): Promise<void> {
  const query = `requestor_id=REF30&deviceId=${deviceId}&mso_id=DemoMVPD&domain_name=x`
  const reply = await call(url, 'POST', `/api/v1/authenticate/freepreview?${query}`, {})
  assert.ok(reply.status < 300, reply.text)
}

/** Returns the id of the revocation. */
async function logOut(url: string, deviceId: string): Promise<string> {
  const reply = await call(url, 'DELETE', `/api/v1/logout?requestor=REF30&deviceId=${deviceId}`, {})
  assert.equal(reply.status, 204)
  return reply.headers['outright-revocation'] ?? ''
}

suite('killed', () => {
  test('while a provider hangs: told again after the restart, under the same id', async () => {
    const dataDir = await folder()
    const url = await start(dataDir)
    await watchTv(url, 'tv')
    const revocationId = await logOut(url, 'tv')
    const [first] = await provider.hears(1)
    await kill()
    provider.behave(takes)
    await start(dataDir)
    const told = await provider.hears(2)
    assert.equal(told.length, 2)
    assert.equal(first?.revocationId, revocationId)
    assert.deepEqual(
      told.map(({ id, header }) => [id, header]),
      [1, 2].map(() => [first.id, first.id]),
    )
    await kill()
    await provider.close()
  })

  test('between the answers of logouts and their deliveries: each answered one is told', async () => {
    const dataDir = await folder()
    const url = await start(dataDir)
    provider.behave(takes)
    const devices = Array.from({ length: 40 }, (_, index) => `tv-${String(index)}`)
    await Promise.all(devices.map((device) => watchTv(url, device)))
    const answered: string[] = []
    await Promise.all(
      devices.map(async (device) => {
        try {
          answered.push(await logOut(url, device))
          if (answered.length === 10) running?.kill('SIGKILL')
        } catch {
          // The connection broke: nothing was promised.
        }
      }),
    )
    assert.ok(answered.length >= 10)
    await start(dataDir)
    await until(() => {
      const told = new Set(provider.told.map(({ revocationId }) => revocationId))
      return answered.every((id) => told.has(id))
    })
    await kill()
    await provider.close()
  })

  test('a node that holds a claim: another one delivers when the claim has ended', async () => {
    const postgres = await startPostgres({ settings: { fsync: 'off' } })
    const databaseUrl = await postgres.createDatabase()
    const url = await start(await folder(), databaseUrl, 'node-a')
    await watchTv(url, 'tv')
    await logOut(url, 'tv')
    const [first] = await provider.hears(1)
    await kill()
    provider.behave(takes)
    // A second node, to which the claim's lease has just ended.
    const dataDir = await folder()
    const options = { dataDir, databaseUrl, node: 'node-b', providerUrl: provider.url }
    const config = await loadConfig({}, childConfig(options))
    let offsetMs = 0
    const composition = await compose(config, {
      clock: { ...systemClock, nowMs: () => systemClock.nowMs() + offsetMs },
      random: systemRandom(),
      log: silentLog,
      otpSender: { send: () => Promise.resolve() },
    })
    const { app, store } = composition
    await app.ready()
    assert.equal((await provider.hears(1)).length, 1, 'the claim holds')
    offsetMs = DELIVERY_LEASE_MS + 1_000
    const told = await provider.hears(2)
    assert.deepEqual(
      told.map(({ id }) => id),
      [first?.id, first?.id],
    )
    // It is told before its answer is stored.
    await until(async () => (await store.countDeliveries()).owed === 0)
    const { items } = await store.listDeliveries({}, { limit: 10, cursor: undefined })
    assert.deepEqual(
      items.map(({ state, attempts }) => [state, attempts]),
      [['delivered', 2]],
    )
    await composition.close()
    await postgres.stop()
    await provider.close()
  })
})
