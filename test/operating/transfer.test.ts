/** From SQLite to PostgreSQL and back: nothing is lost, nothing comes back, all or nothing. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, chmod, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import pg from 'pg'
import { verifyChain } from '../../src/core/verify-audit.ts'
import { importDatabase } from '../../src/server/transfer.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import {
  emptyAtFirst,
  fromJson,
  tables,
  toJson,
  type Value,
} from '../../src/stores/transfer/tables.ts'
import { startPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { revocation, times } from '../../src/stores/contract/samples.ts'
import { cut, old } from '../stores/cut-kit.ts'
import { openNode } from '../stores/temporary-postgres.ts'
import { hurriedClock, outright, withFolder } from './doctor.ts'
import { fillStore, textOf } from './transfer-kit.ts'

let server: TestPostgres
before(async () => {
  server = await startPostgres()
})
after(() => server.stop())

const openFile = (data: string) =>
  openSqliteStore({ path: join(data, 'outright.db'), stream: 'node-1', durability: 'full' })

async function filledFolder(data: string): Promise<void> {
  const store = await openFile(data)
  await fillStore(store, 'a')
  await store.close()
}

async function good(args: readonly string[]): Promise<string> {
  const { code, out, err } = await outright(args)
  assert.equal(code, 0, err)
  return out
}

async function refused(args: readonly string[], reason: RegExp): Promise<void> {
  const { code, err } = await outright(args)
  assert.equal(code, 1)
  assert.match(err, reason)
}

async function rowsIn(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const counts = emptyAtFirst.map((name) => `(SELECT count(*) FROM ${name})`).join(' + ')
  const { rows } = await client.query<{ total: number }>(`SELECT (${counts})::int AS total`)
  await client.end()
  return rows[0]?.total ?? -1
}

describe('export and import', () => {
  test('SQLite → PostgreSQL → SQLite: the three exports are the same bytes', () =>
    withFolder(async (folder) => {
      const [one, two] = [join(folder, 'one'), join(folder, 'two')]
      const files = ['1.ndjson', '2.ndjson.gz', '3.ndjson'].map((name) => join(folder, name))
      const [first = '', second = '', third = ''] = files
      await filledFolder(one)
      const url = await server.createDatabase()
      await good(['export', first, '--data', one])
      await good(['import', first, '--database-url', url])
      await good(['export', second, '--database-url', url])
      await good(['import', second, '--data', two])
      await good(['export', third, '--data', two])
      assert.equal(await textOf(second), await textOf(first))
      assert.equal(await textOf(third), await textOf(first))
      assert.equal((await textOf(first)).includes('gone-a'), false)
      assert.equal((await stat(second)).mode & 0o777, 0o600)
      assert.equal((await stat(join(two, 'outright.db'))).mode & 0o777, 0o600)
    }))

  test('the logs of several nodes: every stream verifies, and goes on where it was', () =>
    withFolder(async (folder) => {
      const url = await server.createDatabase()
      const nodes = [await openNode(url, 'a'), await openNode(url, 'b')]
      for (const node of nodes) await fillStore(node, node.stream)
      for (const node of nodes) await node.close()
      const file = join(folder, 'nodes.ndjson.gz')
      await good(['export', file, '--database-url', url])
      await good(['import', file, '--data', folder])
      const store = await openFile(folder)
      const verdict = await verifyChain(store)
      assert.ok(verdict.intact)
      assert.deepEqual([...verdict.heads.keys()].slice(0, 2), ['a', 'b'])
      assert.notEqual(store.stream, 'a')
      assert.notEqual(store.stream, 'b')
      assert.equal(
        (await store.listRevocations({}, { limit: 100, cursor: undefined })).items.length,
        12,
      )
      await store.close()

      const again = await server.createDatabase()
      await good(['import', file, '--database-url', again])
      const node = await openNode(again, 'a')
      await fillStore(node, 'later')
      const grown = await verifyChain(node)
      assert.ok(grown.intact)
      assert.equal(grown.heads.get('a')?.sequence, 12)
      assert.equal(grown.heads.get('b')?.sequence, 6)
      await node.close()
    }))

  test('a log that was cut goes both ways with its checkpoint, and is cut further', () =>
    withFolder(async (folder) => {
      const [one, two] = [join(folder, 'one'), join(folder, 'two')]
      const store = await openFile(one)
      await store.revoke(revocation({ scope: 'subject', key: 'maria', ...old }))
      await Promise.all(times(20, () => store.revoke(revocation(old))))
      await store.revoke(revocation())
      await cut(store)
      const checkpoints = await store.readCheckpoints()
      await store.close()
      const [file, back] = [join(folder, 'cut.ndjson'), join(folder, 'back.ndjson')]
      await good(['export', file, '--data', one])
      const url = await server.createDatabase()
      await good(['import', file, '--database-url', url])
      await good(['export', back, '--database-url', url])
      assert.equal(await textOf(back), await textOf(file))
      await good(['import', back, '--data', two])
      for (const copy of [await openNode(url, 'node-1'), await openFile(two)]) {
        assert.deepEqual(await copy.readCheckpoints(), checkpoints)
        await copy.revoke(revocation({ scope: 'subject', key: 'maria' }))
        const [done] = await cut(copy)
        assert.equal(done?.removed, 1, 'what was kept and counts no more')
        assert.ok((await verifyChain(copy)).intact)
        await copy.close()
      }
    }))

  test('a database that is not empty is refused, and stays as it is', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'export.ndjson')
      await filledFolder(folder)
      await good(['export', file, '--data', folder])
      await refused(['import', file, '--data', folder], /it is not empty: there are subjects/)
      const url = await server.createDatabase()
      await good(['import', file, '--database-url', url])
      const rows = await rowsIn(url)
      await refused(['import', file, '--database-url', url], /it is not empty/)
      assert.equal(await rowsIn(url), rows)
      await good(['export', join(folder, 'again.ndjson'), '--data', folder])
    }))

  test('a database that is served is neither exported nor filled', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'export.ndjson')
      const store = await openFile(folder)
      await refused(['export', file, '--data', folder], /another process is using it/)
      await refused(['import', file, '--data', folder], /another process is using it/)
      await store.close()
      const url = await server.createDatabase()
      const node = await openNode(url, 'a')
      await refused(['export', file, '--database-url', url], /1 nodes? .* connected/)
      await refused(['import', file, '--database-url', url], /it is not empty/)
      await node.close()
      assert.deepEqual(
        (await readdir(folder)).filter((name) => name.includes('export')),
        [],
      )
    }))

  test('a file that is no export, such as a backup', () =>
    withFolder(async (folder) => {
      const text = join(folder, 'text')
      await writeFile(text, 'hello\n')
      await refused(
        ['import', text, '--data', join(folder, 'to')],
        /: it is not an export of Outright$/m,
      )
      await filledFolder(folder)
      await refused(
        ['import', join(folder, 'outright.db'), '--data', join(folder, 'to')],
        /: it is not an export of Outright, but a database: outright restore takes a backup$/m,
      )
    }))

  test('no database, no file, a file that is there already, no room to write', () =>
    withFolder(async (folder) => {
      const file = join(folder, 'export.ndjson')
      await refused(['export', file, '--data', folder], /there is no such database/)
      await refused(['import', file, '--data', folder], /ENOENT/)
      assert.equal(existsSync(join(folder, 'outright.db')), false)
      await filledFolder(folder)
      await good(['export', file, '--data', folder])
      await refused(['export', file, '--data', folder], /already exists: --force/)
      await good(['export', file, '--data', folder, '--force'])
      await refused(['export', join(folder, 'none', 'x'), '--data', folder], /ENOENT/)
      const url = await server.createDatabase()
      await refused(['export', join(folder, 'x'), '--database-url', url], /no database of Outright/)
      await chmod(folder, 0o700)
    }))
})

describe('a file that is not what was written', () => {
  /** Gives a changed text the digest that it should have. */
  function sealed(text: string): string {
    const lines = text.trimEnd().split('\n').slice(0, -1).join('\n')
    const digest = createHash('sha256').update(`${lines}\n`).digest('base64url')
    return `${lines}\n${JSON.stringify({ end: true, digest })}\n`
  }

  const changes: readonly [what: string, change: (text: string) => string, reason: RegExp][] = [
    ['broken off', (text) => text.slice(0, text.length / 2), /it breaks off|not what was written/],
    ['without its end', (text) => text.replace(/\{"end".*\n$/, ''), /it breaks off/],
    [
      'one character changed',
      (text) => text.replace('user-a', 'user-b'),
      /its digest is not right/,
    ],
    [
      'a row less',
      (text) => sealed(text.replace(/^\["tickets"[^\n]*\n/m, '')),
      /not have all the tickets/,
    ],
    ['a line twice', (text) => sealed(text.replace(/^(\["subjects"[^\n]*\n)/m, '$1$1')), /./],
    ['rows behind its end', (text) => `${text}["subjects"]\n`, /behind its end/],
    [
      'a row of another form',
      (text) => sealed(text.replace(/^\["subjects",/m, '["subjects",1,')),
      /not what was written/,
    ],
    [
      'a number that is none',
      (text) => sealed(text.replace(/"active",\d+/, '"active","soon"')),
      /not what was written/,
    ],
    [
      'an unknown table',
      (text) => sealed(text.replace('["subjects"', '["objects"')),
      /not what was written/,
    ],
    [
      'a revocation whose reason was changed',
      (text) => sealed(text.replace('"logout","system"', '"compromised","system"')),
      /of the log: it is not what was written/,
    ],
    [
      'a revocation that was taken out',
      (text) =>
        sealed(text.replace(/^\["log","node-1",2,[^\n]*\n/m, '').replace('"log":6', '"log":5')),
      /entry 2 of stream node-1 of the log: /,
    ],
    [
      'another version’s',
      (text) => sealed(text.replace('"version":1', '"version":2')),
      /another version/,
    ],
    ['something else', () => '{"format":"other"}\n', /not an export of Outright/],
    ['nothing', () => '', /it breaks off/],
    ['no JSON', () => 'hello\n', /it is not an export/],
  ]

  let folder: string
  let whole: string
  before(async () => {
    folder = await withFolder((made) => Promise.resolve(`${made}-kept`))
    await filledFolder(folder)
    const file = join(folder, 'export.ndjson')
    await good(['export', file, '--data', folder])
    whole = await textOf(file)
  })
  after(() => rm(folder, { recursive: true, force: true }))

  for (const [what, change, reason] of changes) {
    test(`${what}: nothing is kept, in neither store`, async () => {
      const file = join(folder, 'changed.ndjson')
      const text = change(whole)
      assert.ok(text !== whole, 'nothing was changed')
      await writeFile(file, text)
      const data = join(folder, 'target')
      await refused(['import', file, '--data', data], reason)
      await assert.rejects(readdir(data), { code: 'ENOENT' })
      const url = await server.createDatabase()
      await refused(['import', file, '--database-url', url], reason)
      assert.equal(await rowsIn(url), 0)
    })
  }

  test('half of a compressed file', async () => {
    const file = join(folder, 'export.ndjson.gz')
    await good(['export', file, '--data', folder])
    const { readFile } = await import('node:fs/promises')
    const bytes = await readFile(file)
    await writeFile(file, bytes.subarray(0, bytes.length / 2))
    await refused(['import', file, '--data', join(folder, 'target')], /unexpected end of file/)
    await assert.rejects(readdir(join(folder, 'target')), { code: 'ENOENT' })
  })

  test('what an import that was killed left behind is in no one’s way', async () => {
    const data = join(folder, 'killed')
    const file = join(folder, 'whole.ndjson')
    await writeFile(file, whole)
    await good(['import', file, '--data', data])
    for (const name of await readdir(data)) await rm(join(data, name))
    await writeFile(join(data, 'outright.db.importing'), 'half')
    await writeFile(join(data, 'outright.db.importing-wal'), 'half')
    await good(['import', file, '--data', data])
    assert.deepEqual(await readdir(data), ['outright.db', 'outright.db.lock', 'outright.head'])
  })

  test('a database that was made and never used takes an import', async () => {
    const [file, data] = [join(folder, 'unused.ndjson'), join(folder, 'unused')]
    await writeFile(file, whole)
    await mkdir(data)
    await writeFile(join(data, 'outright.db'), '')
    await good(['migrate', '--data', data])
    await good(['import', file, '--data', data])
    const url = await server.createDatabase()
    await good(['migrate', '--database-url', url])
    await good(['import', file, '--database-url', url])
  })

  test('a NUL character, which PostgreSQL cannot hold, comes back from it', async () => {
    const [file, back] = [join(folder, 'nul.ndjson'), join(folder, 'nul-back.ndjson')]
    await writeFile(file, sealed(whole.replace('user-a', 'user-\\u0000')))
    const url = await server.createDatabase()
    await good(['import', file, '--database-url', url])
    await good(['export', back, '--database-url', url])
    assert.equal(await textOf(back), await textOf(file))
  })
})

describe('leases of the old server', () => {
  test('an import takes as long as the longest of them may last', () =>
    withFolder(async (folder) => {
      const store = await openFile(folder)
      const lease = (node: string, ms: number) =>
        store.putTicket({
          kind: 'installation',
          key: `granted-lease-ms ${node}`,
          value: String(ms),
          expiresAtMs: 9_999_999_999_999,
        })
      await lease('a', 30_000)
      await lease('b', 2000)
      await store.close()
      const file = join(folder, 'export.ndjson')
      await good(['export', file, '--data', folder])
      const waits: number[] = []
      const hurried = hurriedClock()
      const clock = {
        ...hurried,
        after(delayMs: number, callback: () => void) {
          waits.push(delayMs)
          return hurried.after(delayMs, callback)
        },
      }
      const data = join(folder, 'target')
      await importDatabase({ environment: {}, data, file, onProgress: () => undefined, clock })
      const [wait = 0] = waits
      assert.ok(wait > 30_000 && wait < 32_000, String(waits))
    }))
})

describe('rows in a file', () => {
  const valueOfKind: Readonly<Record<string, fc.Arbitrary<Value>>> = {
    text: fc.string({ unit: 'grapheme' }),
    'text?': fc.option(fc.string({ unit: 'binary' })),
    number: fc.maxSafeInteger(),
    'number?': fc.option(fc.maxSafeInteger()),
    'bytes?': fc.option(fc.uint8Array().map((bytes) => Buffer.from(bytes))),
  }

  for (const { name, columns } of tables) {
    test(`${name}: what is written is what is read`, () => {
      const row = fc.tuple(
        ...Object.values(columns).map((kind) => valueOfKind[kind] ?? fc.constant(null)),
      )
      fc.assert(
        fc.property(row, (values) => {
          const line = JSON.stringify(toJson(values))
          assert.deepEqual(fromJson(name, JSON.parse(line) as unknown[]), values)
        }),
      )
    })

    test(`${name}: any other JSON is refused, or is a row`, () => {
      fc.assert(
        fc.property(fc.array(fc.jsonValue(), { maxLength: 16 }), (values) => {
          const row = fromJson(name, values)
          assert.ok(row === undefined || row.length === Object.keys(columns).length)
        }),
      )
    })
  }
})
