/** A server whose `issuer` was changed refuses what it has issued, and says so when it starts. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compose, type Composition } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { systemClock, systemRandom } from '../../src/server/system.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { credentials, type Tokens } from '../dialects/octopus-calls.ts'

const server = await startPostgres({ settings: { fsync: 'off' } })
after(() => server.stop())

interface Place {
  readonly dataDir?: string
  readonly databaseUrl?: string
}

interface Started extends Composition {
  /** What was said of a change of the issuer. */
  readonly warnings: readonly unknown[]
}

async function start(place: Place, issuer: string, aheadMs = 0): Promise<Started> {
  const warnings: unknown[] = []
  const config = await loadConfig({}, { demo: true, port: 0, issuer, ...place })
  const composition = await compose(config, {
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs },
    random: systemRandom(),
    log: {
      info: () => undefined,
      warn: (fields) => {
        if ('former' in fields) warnings.push(fields)
      },
      error: () => undefined,
    },
    otpSender: { send: () => Promise.resolve() },
  })
  return { ...composition, warnings }
}

async function post(started: Started, path: string, body: object, token?: string) {
  const reply = await started.app.inject({
    method: 'POST',
    url: path,
    payload: body,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  })
  return { status: reply.statusCode, data: reply.json<{ data: Tokens }>().data }
}

const places: readonly (readonly [string, () => Promise<Place>])[] = [
  [
    'SQLite',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'outright-issuer-'))
      after(() => rm(dataDir, { recursive: true, force: true }))
      return { dataDir }
    },
  ],
  ['PostgreSQL', async () => ({ databaseUrl: await server.createDatabase() })],
]

for (const [name, make] of places) {
  test(`${name}: a changed issuer is said once, with what it means for tokens that are out`, async () => {
    const place = await make()
    const [former, issuer] = ['https://former.example', 'https://auth.example']
    const first = await start(place, former)
    const issued = await post(first, '/auth/login', credentials)
    assert.equal(issued.status, 200)
    const { access_token, refresh_token } = issued.data
    await first.close()

    const changed = await start(place, issuer)
    assert.deepEqual([first.warnings, changed.warnings], [[], [{ former, issuer }]])
    // What the warning says.
    assert.equal((await post(changed, '/auth/logout', {}, access_token)).status, 401)
    const renewed = await post(changed, '/auth/refresh', { refresh_token })
    assert.equal(renewed.status, 200)
    await changed.close()

    const again = await start(place, issuer)
    assert.deepEqual(again.warnings, [], 'once')
    assert.equal((await post(again, '/auth/logout', {}, renewed.data.access_token)).status, 200)
    await again.close()

    const back = await start(place, former)
    assert.deepEqual(back.warnings, [{ former: issuer, issuer: former }])
    await back.close()
  })

  test(`${name}: where no token is out, there is nothing to say`, async () => {
    const place = await make()
    const first = await start(place, 'https://former.example')
    await first.close()
    const changed = await start(place, 'https://auth.example')
    assert.equal((await post(changed, '/auth/login', credentials)).status, 200)
    await changed.close()
    const over = await start(place, 'https://third.example', 90 * 86_400_000)
    assert.deepEqual([...changed.warnings, ...over.warnings], [])
    await over.close()
  })
}

test('PostgreSQL: what an earlier version kept for this node is held against it', async () => {
  const [, make] = places[1]!
  const place = await make()
  const [former, issuer] = ['https://former.example', 'https://auth.example']
  const first = await start(place, former)
  assert.equal((await post(first, '/auth/login', credentials)).status, 200)
  assert.ok(await first.store.takeTicket('installation', 'issuer'))
  await first.close()
  const changed = await start(place, issuer)
  assert.deepEqual(changed.warnings, [{ former, issuer }])
  await changed.close()
})
