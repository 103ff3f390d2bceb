/** A server moves from SQLite to PostgreSQL and back, and no caller notices. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { columnsOf, tables } from '../../src/stores/transfer/tables.ts'
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

      const second = await startTestServer({
        config: { databaseUrl: url, node: 'one', leaseMs: 30_000 },
      })
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

describe('an import that is killed', () => {
  const command = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
  const many = 60_000

  /** An export with so many subjects that reading it takes a while. */
  async function writeMany(file: string): Promise<void> {
    const columns = tables.map(({ name }) => [name, columnsOf(name)] as const)
    const rows = tables.map(({ name }) => [name, name === 'subjects' ? many : 0] as const)
    const header = {
      format: 'outright-export',
      version: 1,
      tables: Object.fromEntries(columns),
      rows: Object.fromEntries(rows),
    }
    const subjects = Array.from({ length: many }, (_, number) =>
      JSON.stringify([
        'subjects',
        `s${String(number)}`,
        '',
        null,
        null,
        null,
        null,
        'active',
        0,
        '{}',
      ]),
    )
    const text = `${[JSON.stringify(header), ...subjects].join('\n')}\n`
    const digest = createHash('sha256').update(text).digest('base64url')
    await writeFile(file, `${text}${JSON.stringify({ end: true, digest })}\n`)
  }

  /** Kills the process as soon as it is at work; false where it was done before. */
  async function killAtWork(
    args: readonly string[],
    isAtWork: () => Promise<boolean>,
  ): Promise<boolean> {
    const child = spawn(process.execPath, [command, ...args], { stdio: 'ignore' })
    const gone = once(child, 'exit')
    while (child.exitCode === null && !(await isAtWork())) await sleep(1)
    child.kill('SIGKILL')
    await gone
    return child.signalCode === 'SIGKILL'
  }

  /** On a busy machine it may be done before it is killed: then it is tried again. */
  async function tryUntilKilled(attempt: () => Promise<boolean>): Promise<void> {
    for (let attempts = 0; attempts < 5; attempts++) if (await attempt()) return
    assert.fail('it was done before it could be killed, each time')
  }

  test('leaves a SQLite folder without a database, and the next one works', () =>
    withFolder(async (folder) => {
      const [file, data] = [join(folder, 'many.ndjson'), join(folder, 'data')]
      await writeMany(file)
      const half = join(data, 'outright.db.importing-wal')
      await tryUntilKilled(async () => {
        await rm(data, { recursive: true, force: true })
        return killAtWork(['import', file, '--data', data], () =>
          Promise.resolve(existsSync(half) && statSync(half).size > 0),
        )
      })
      assert.equal(existsSync(join(data, 'outright.db')), false)
      await good('import', file, '--data', data)
      assert.deepEqual(await readdir(data), ['outright.db', 'outright.db.lock', 'outright.head'])
    }))

  test('leaves PostgreSQL empty, and the next one works', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'many.ndjson')
      await writeMany(file)
      let url = ''
      await tryUntilKilled(async () => {
        url = await database.createDatabase()
        const client = new pg.Client({ connectionString: url })
        await client.connect()
        try {
          const isKilled = await killAtWork(['import', file, '--database-url', url], async () => {
            const { rows } = await client.query(
              `SELECT 1 FROM pg_stat_activity WHERE datname = current_database()
                AND application_name = 'outright import' AND query LIKE 'INSERT INTO subjects%'`,
            )
            return rows.length > 0
          })
          const { rows } = await client.query('SELECT 1 FROM subjects LIMIT 1')
          if (isKilled) assert.equal(rows.length, 0)
          return isKilled
        } finally {
          await client.end()
        }
      })
      await good('import', file, '--database-url', url)
    }))
})
