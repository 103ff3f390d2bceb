/** The doctor on PostgreSQL: real servers, set up wrongly one way after another. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { compose, type Composition } from '../../src/server/compose.ts'
import { loadConfig, type ConfigFile } from '../../src/server/config.ts'
import type { Log } from '../../src/ports/log.ts'
import { CONNECTIONS_PER_NODE } from '../../src/server/doctor/postgres.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { migrations } from '../../src/stores/postgres/schema/index.ts'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { startPooler, urlThrough } from '../stores/pooler.ts'
import { openNode } from '../stores/temporary-postgres.ts'
import { finding, findings, hurriedClock, outright } from './doctor.ts'

let server: TestCluster
before(async () => {
  server = await startCluster()
})
after(() => server.stop())

async function ask(url: string, ...texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    for (const text of texts) await client.query(text)
  } finally {
    await client.end()
  }
}

/** The URL of an empty database, whose sessions get these settings. */
async function databaseWith(settings: Readonly<Record<string, string>> = {}): Promise<string> {
  const url = await server.createDatabase()
  const name = new URL(url).pathname.slice(1)
  await ask(
    url,
    ...Object.entries(settings).map(
      ([key, value]) => `ALTER DATABASE ${name} SET ${key} = '${value}'`,
    ),
  )
  return url
}

async function check(url: string, name: string) {
  return finding(await findings({ databaseUrl: url }), name)
}

const NOTICED_WITHIN_MS = 120_000

/** A setting that was reloaded, or a standby that is gone, is noticed a moment later. */
async function eventually(url: string, name: string, verdict: string): Promise<void> {
  const deadline = performance.now() + NOTICED_WITHIN_MS
  for (;;) {
    const found = await check(url, name)
    if (found.verdict === verdict) return
    assert.ok(performance.now() < deadline, `still ${found.verdict}: ${found.measured}`)
  }
}

/** A server of its own for settings that belong to a whole server. */
async function withServer<T>(
  settings: Readonly<Record<string, string>>,
  work: (url: string, cluster: TestCluster) => Promise<T>,
): Promise<T> {
  const cluster = await startCluster({ settings })
  try {
    return await work(await cluster.createDatabase(), cluster)
  } finally {
    await cluster.stop()
  }
}

interface StartedNode {
  readonly store: Composition['store']
  /** What it warned of issuers. */
  readonly warnings: readonly Readonly<Record<string, unknown>>[]
  close(): Promise<void>
}

async function startNode(given: ConfigFile): Promise<StartedNode> {
  const warnings: Readonly<Record<string, unknown>>[] = []
  const warn: Log['warn'] = (fields, message) => {
    if (message.includes('issuer')) warnings.push(fields)
  }
  const config = await loadConfig(
    {},
    {
      demo: true,
      passwordCost: { memoryKiB: 64, passes: 1 },
      accessLog: false,
      ...given,
    },
  )
  const composition = await compose(config, {
    clock: systemClock,
    random: systemRandom(),
    log: { ...silentLog, warn },
    otpSender: { send: () => Promise.resolve() },
  })
  let closed: Promise<void> | undefined
  return { store: composition.store, warnings, close: () => (closed ??= composition.close()) }
}

describe('doctor on PostgreSQL', () => {
  test('a server that is set up well, before and after the first node', async () => {
    const url = await databaseWith()
    const ours = (all: Awaited<ReturnType<typeof findings>>) =>
      all.filter(({ check: name }) => /^(postgres|clock|store)\./.test(name))
    const empty = ours(await findings({ databaseUrl: url }))
    assert.deepEqual(
      empty.filter(({ verdict }) => verdict !== 'ok'),
      [],
    )
    assert.match(finding(empty, 'postgres.schema').measured, /^step 0 of /)
    const store = await openNode(url, 'node-1')
    try {
      const served = ours(await findings({ databaseUrl: url }))
      assert.match(finding(served, 'postgres.schema').measured, /nothing is pending/)
      assert.equal(finding(served, 'store.demo-identities').verdict, 'ok')
    } finally {
      await store.close()
    }
  })

  test('no server there, and no word of the password', async () => {
    const url = `postgres://outright:very-secret@127.0.0.1:${String(server.port)}/none`
    const { out, err, code } = await outright(['doctor', '--database-url', url])
    assert.equal(code, 1)
    assert.match(
      out,
      /^fail +postgres\.reach +PostgreSQL: it has no database of this name \(3D000\)/m,
    )
    assert.equal((out + err).includes('very-secret'), false)
  })

  test('a server that does not wait for its disk, and has too few connections', () =>
    withServer(
      { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', max_connections: '6' },
      async (url) => {
        const all = await findings({ databaseUrl: url })
        assert.equal(finding(all, 'postgres.fsync').verdict, 'fail')
        assert.equal(finding(all, 'postgres.full-page-writes').verdict, 'fail')
        assert.equal(finding(all, 'postgres.synchronous-commit').verdict, 'fail')
        assert.equal(finding(all, 'postgres.connections').verdict, 'fail')
      },
    ))

  test('counts the connections that a node really holds', async () => {
    const url = await server.createDatabase()
    const node = await startNode({ node: 'node-1', databaseUrl: url })
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      // One that reads lists is made when it is needed.
      assert.ok(
        (await node.store.listSessions({}, 0, { limit: 1, cursor: undefined })).items.length >= 0,
      )
      const open = async (): Promise<readonly unknown[]> => {
        const { rows } = await client.query(
          'SELECT application_name FROM pg_stat_activity WHERE datname = current_database() ' +
            `AND application_name LIKE 'outright %'`,
        )
        return rows
      }
      // Some are made a moment after the node is ready, and none too many later.
      const deadline = performance.now() + NOTICED_WITHIN_MS
      while ((await open()).length < CONNECTIONS_PER_NODE && performance.now() < deadline) {
        await sleep(50)
      }
      const rows = await open()
      assert.equal(rows.length, CONNECTIONS_PER_NODE, JSON.stringify(rows))
      const manual = await readFile(new URL('../../docs/operating.md', import.meta.url), 'utf8')
      assert.ok(manual.includes(`A node holds ${String(CONNECTIONS_PER_NODE)} connections`))
    } finally {
      await client.end()
      await node.close()
    }
  })

  test('nodes that have different issuers: the one that comes to the others says so, too', async () => {
    const url = await server.createDatabase()
    const here = 'https://one.example'
    const elsewhere = 'https://other.example'
    const judged = async (issuer: string) =>
      finding(
        await findings({ databaseUrl: url, environment: { OUTRIGHT_ISSUER: issuer } }),
        'postgres.issuers',
      )
    const nodes: StartedNode[] = []
    const start = async (node: string, issuer: string): Promise<StartedNode> => {
      const started = await startNode({ node, issuer, databaseUrl: url })
      nodes.push(started)
      return started
    }
    try {
      const first = await start('node-1', here)
      const alike = await start('node-2', here)
      const other = await start('node-3', elsewhere)
      const deadline = performance.now() + 60_000
      while (other.warnings.length === 0 && performance.now() < deadline) await sleep(20)
      assert.deepEqual(other.warnings, [
        {
          issuer: elsewhere,
          others: [
            { node: 'node-1', issuer: here },
            { node: 'node-2', issuer: here },
          ],
        },
      ])
      // They may look so late that they see it, too.
      for (const { others } of [...first.warnings, ...alike.warnings]) {
        assert.deepEqual(others, [{ node: 'node-3', issuer: elsewhere }])
      }
      const found = await judged(here)
      assert.equal(found.verdict, 'warn')
      assert.match(
        found.measured,
        /^https:\/\/one\.example here, and node-3 has https:\/\/other\.ex/,
      )
      await other.close()
      assert.equal((await judged(here)).verdict, 'ok')
      assert.equal((await judged(elsewhere)).verdict, 'warn')
    } finally {
      await Promise.all(nodes.map((node) => node.close()))
    }
  })

  const settings: readonly [name: string, value: string, check: string, verdict: string][] = [
    ['synchronous_commit', 'off', 'postgres.synchronous-commit', 'fail'],
    ['default_transaction_isolation', 'serializable', 'postgres.isolation', 'warn'],
    ['default_transaction_read_only', 'on', 'postgres.writable', 'fail'],
    ['statement_timeout', '5s', 'postgres.timeouts', 'warn'],
    ['idle_session_timeout', '1min', 'postgres.timeouts', 'warn'],
  ]
  for (const [name, value, checked, verdict] of settings) {
    test(`${name} = ${value} for this database alone`, async () => {
      const found = await check(await databaseWith({ [name]: value }), checked)
      assert.equal(found.verdict, verdict, found.measured)
    })
  }

  test('a database that cannot hold every name', async () => {
    const url = await server.createDatabase()
    await ask(url, `CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0`)
    const latin = new URL(url)
    latin.pathname = '/latin'
    assert.equal((await check(latin.href, 'postgres.encoding')).verdict, 'fail')
  })

  test('a role that may not make tables, and few connections of its own', async () => {
    const url = await databaseWith()
    await ask(
      url,
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
      'CREATE ROLE narrow LOGIN CONNECTION LIMIT 8',
    )
    const narrow = new URL(url)
    narrow.username = 'narrow'
    const all = await findings({ databaseUrl: narrow.href })
    assert.equal(finding(all, 'postgres.rights').verdict, 'warn')
    assert.equal(finding(all, 'postgres.connections').verdict, 'warn')
    await ask(url, 'ALTER ROLE narrow CONNECTION LIMIT 5')
    assert.equal((await check(narrow.href, 'postgres.connections')).verdict, 'fail')
  })

  test('the demo’s identities, and a schema that a newer version wrote', async () => {
    const url = await databaseWith()
    const store = await openNode(url, 'node-1')
    await store.createSubject({
      id: 'maria',
      name: 'Maria',
      username: undefined,
      email: undefined,
      phone: undefined,
      passwordHash: undefined,
      status: 'active',
      createdAtMs: 0,
      attributes: { demo: true },
    })
    await store.close()
    assert.equal((await check(url, 'store.demo-identities')).verdict, 'fail')
    const next = String((migrations.at(-1)?.number ?? 0) + 1)
    await ask(url, `INSERT INTO schema_migrations VALUES (${next}, 'newer', 1)`)
    assert.equal((await check(url, 'postgres.schema')).verdict, 'ok')
    await ask(url, `UPDATE schema_migrations SET needs = ${next}`)
    assert.equal((await check(url, 'postgres.schema')).verdict, 'fail')
  })

  test('standbys: asynchronous, synchronous, gone; and the standby itself', () =>
    withServer({ wal_level: 'replica' }, async (url, cluster) => {
      const standby = await cluster.startStandby()
      try {
        assert.equal((await check(url, 'postgres.replication')).verdict, 'ok')
        assert.equal((await check(standby.urlOf(url), 'postgres.writable')).verdict, 'fail')
        const local = new URL(url)
        local.searchParams.set('options', '-c synchronous_commit=local')
        assert.equal((await check(local.href, 'postgres.synchronous-commit')).verdict, 'warn')
        await ask(
          local.href,
          `ALTER SYSTEM SET synchronous_standby_names = ''`,
          'SELECT pg_reload_conf()',
        )
        await eventually(url, 'postgres.replication', 'warn')
        await ask(
          url,
          `ALTER SYSTEM SET synchronous_standby_names = '*'`,
          'SELECT pg_reload_conf()',
        )
      } finally {
        await standby.stop()
      }
      await eventually(url, 'postgres.replication', 'fail')
    }))

  test('clocks that are apart', async () => {
    const url = await databaseWith()
    for (const [apartMs, verdict] of [
      [20_000, 'warn'],
      [60_000, 'fail'],
    ] as const) {
      const clock = hurriedClock()
      const fast = { ...clock, nowMs: () => clock.nowMs() + apartMs }
      const all = await findings({ databaseUrl: url, clock: fast })
      assert.equal(finding(all, 'clock.wall').verdict, verdict)
    }
  })

  test('a pooler: one that swallows notifications, and one that only hides the server', async () => {
    const url = await databaseWith()
    for (const [swallows, measured] of [
      [true, /NOTIFY does not arrive: a pooler/],
      [false, /NOTIFY arrives, and a pooler/],
    ] as const) {
      const pooler = await startPooler(server, swallows)
      try {
        const found = await check(urlThrough(pooler, url), 'postgres.listen')
        assert.equal(found.verdict, 'warn')
        assert.match(found.measured, measured)
      } finally {
        pooler.close()
      }
    }
  })
})
