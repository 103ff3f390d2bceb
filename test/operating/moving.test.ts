/** A server moves from SQLite to PostgreSQL and back, and nobody who calls it notices. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { outright, withFolder } from './doctor.ts'

let database: TestPostgres
before(async () => {
  database = await startPostgres()
})
after(() => database.stop())

interface Pair {
  readonly access: string
  readonly refresh: string
}

async function login(server: TestServer): Promise<Pair> {
  const reply = await server.call('POST', '/auth/login', {
    body: { username: 'octopus-demo-key', password: 'octopus-demo-secret' },
  })
  const { access_token: access, refresh_token: refresh } = (
    reply.json() as { data: { access_token: string; refresh_token: string } }
  ).data
  return { access, refresh }
}

async function bearer(server: TestServer): Promise<string> {
  const authorization = `Basic ${Buffer.from('maria:maria-demo').toString('base64')}`
  const reply = await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization },
  })
  return (reply.json() as { bearer: string }).bearer
}

const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

const wallets = async (server: TestServer, token: string): Promise<number> =>
  (await server.call('GET', '/api/v1/wallets', as(token))).status

const downloads = async (server: TestServer, token: string): Promise<number> =>
  (await server.call('GET', '/directlink/v1/download/list', as(token))).status

const refresh = async (server: TestServer, token: string): Promise<number> =>
  (await server.call('POST', '/auth/refresh', { body: { refresh_token: token } })).status

async function good(...args: readonly string[]): Promise<void> {
  const { code, err } = await outright(args)
  assert.equal(code, 0, err)
}

describe('moving a server', () => {
  test('to PostgreSQL and back: tokens work, what was logged out stays dead, logouts go on', () =>
    withFolder(async (folder) => {
      const [from, to] = [join(folder, 'from'), join(folder, 'to')]
      const [there, back] = [join(folder, 'there.ndjson.gz'), join(folder, 'back.ndjson.gz')]
      const url = await database.createDatabase()

      const first = await startTestServer({ config: { dataDir: from } })
      const ended = await login(first)
      await first.call('POST', '/auth/logout', as(ended.access))
      const [live, used] = [await login(first), await login(first)]
      assert.equal(await refresh(first, used.refresh), 200)
      const [kept, gone] = [await bearer(first), await bearer(first)]
      await first.call('POST', '/directlink/v1/auth/logout', as(gone))
      await first.close()
      await good('export', there, '--data', from)
      await good('import', there, '--database-url', url)

      const second = await startTestServer({ config: { databaseUrl: url, node: 'one' } })
      assert.equal(await wallets(second, live.access), 200)
      assert.equal(await wallets(second, ended.access), 401)
      assert.equal(await refresh(second, ended.refresh), 401)
      assert.equal(await refresh(second, used.refresh), 401)
      assert.equal(await refresh(second, live.refresh), 200)
      assert.equal(await downloads(second, kept), 200)
      assert.equal(await downloads(second, gone), 401)
      const later = await bearer(second)
      await second.call('POST', '/directlink/v1/auth/logout', as(kept))
      assert.equal(await downloads(second, kept), 401)
      await second.close()
      await good('export', back, '--database-url', url)
      await good('import', back, '--data', to)
      await good('audit', 'verify', '--file', join(to, 'outright.db'))

      const third = await startTestServer({ config: { dataDir: to } })
      assert.equal(await wallets(third, live.access), 200)
      assert.equal(await wallets(third, ended.access), 401)
      assert.equal(await downloads(third, later), 200)
      assert.equal(await downloads(third, kept), 401)
      assert.equal(await downloads(third, gone), 401)
      await third.call('POST', '/auth/logout', as(live.access))
      assert.equal(await wallets(third, live.access), 401)
      await third.close()
    }))
})
