/** The file of the SQLite store: whose it is, what is in it, and copies of it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { verifyChain } from '../../src/core/verify-audit.ts'
import { claim, owe, owed, settle } from '../../src/stores/contract/delivery-samples.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import {
  openWithToken,
  refuses,
  revocation,
  rotation,
  ticket,
  times,
} from '../../src/stores/contract/samples.ts'
import type { Delivery } from '../../src/domain/delivery.ts'
import { migrations } from '../../src/stores/sqlite/schema/index.ts'
import { restoreSqlite } from '../../src/stores/sqlite/restore.ts'
import { openSqliteStore, type SqliteStore } from '../../src/stores/sqlite/store.ts'
import { temporarySqlite, type TemporarySqlite } from './temporary.ts'
import { until } from './until.ts'

let subject: TemporarySqlite
beforeEach(async () => {
  subject = await temporarySqlite()
})
afterEach(async () => {
  await subject.close()
})

function open(path: string, stream = 'node-1'): Promise<SqliteStore> {
  return openSqliteStore({ path, stream, durability: 'full' })
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

describe('openSqliteStore', () => {
  it('makes folders and files for their owner alone', async () => {
    const path = join(subject.folder, 'a', 'b', 'outright.db')
    const store = await open(path)
    await store.revoke(revocation())
    for (const name of readdirSync(join(subject.folder, 'a', 'b'))) {
      assert.equal(statSync(join(subject.folder, 'a', 'b', name)).mode & 0o777, 0o600, name)
    }
    assert.equal(statSync(join(subject.folder, 'a')).mode & 0o777, 0o700)
    await store.close()
    assert.deepEqual(readdirSync(join(subject.folder, 'a', 'b')).toSorted(), [
      'outright.db',
      'outright.db.lock',
      'outright.head',
      'outright.reserve',
    ])
  })

  it('keeps its write-ahead log small beside a small database, and gives its room back when idle', async () => {
    const { store, path } = subject
    const logBytes = (): number => statSync(`${path}-wal`).size
    const value = 'x'.repeat(200_000)
    let largest = 0
    for (let count = 0; count < 500; count += 1) {
      await store.putTicket(ticket({ key: 'the same', value }))
      largest = Math.max(largest, logBytes())
    }
    assert.ok(largest < 12e6, `${largest} bytes`)
    await until(() => logBytes() < 4.2e6)
  })

  it('refuses a folder that is a file, in words', async () => {
    const folder = join(subject.folder, 'a-file')
    writeFileSync(folder, '')
    const path = join(folder, 'outright.db')
    await assert.rejects(open(path), {
      message: `Cannot open ${path}: ${folder} is a file, and has to be a folder`,
    })
    assert.throws(() => restoreSqlite(subject.path, path), /is a file, and has to be a folder$/)
  })

  it('refuses a file that this process serves already', async () => {
    await assert.rejects(open(subject.path), {
      message: `Cannot open ${subject.path}: another process is using it`,
    })
    await subject.store.ready()
  })

  it('refuses a file that another process serves, until that one is killed', async () => {
    const path = join(subject.folder, 'theirs.db')
    const program = join(import.meta.dirname, 'crash-storm.ts')
    const child = spawn(process.execPath, [program, path, `${path}.notes`, '1'])
    await once(child.stdout, 'data')
    await assert.rejects(open(path), {
      message: `Cannot open ${path}: another process is using it`,
    })
    assert.throws(() => restoreSqlite(path, path), /another process is using it/)
    child.kill('SIGKILL')
    await once(child, 'close')
    const store = await open(path)
    assert.equal((await verifyChain(store)).intact, true)
    await store.close()
  })

  it('refuses the file of a newer version, and leaves it as it is', async () => {
    await subject.store.close()
    change(subject.path, `INSERT INTO schema_migrations VALUES (4711, 'from the future')`)
    const known = migrations.at(-1)?.number
    await assert.rejects(open(subject.path), {
      message:
        `Cannot open ${subject.path}: its schema is number 4711, and this version of Outright ` +
        `knows only up to ${known}; use the version that wrote it, or a newer one`,
    })
    change(subject.path, 'DELETE FROM schema_migrations WHERE number = 4711')
    await (await open(subject.path)).close()
  })

  it('refuses the database of another program, and leaves it as it is', async () => {
    const path = join(subject.folder, 'theirs.db')
    change(path, 'CREATE TABLE recipes (name TEXT)')
    await assert.rejects(open(path), { message: /it is the database of another program$/ })
    const database = new DatabaseSync(path)
    assert.deepEqual(
      database
        .prepare('SELECT name FROM sqlite_schema')
        .all()
        .map(({ name }) => name),
      ['recipes'],
    )
    database.close()
  })

  it('keeps the stream of a file, whatever it is called now', async () => {
    await subject.store.revoke(revocation())
    await subject.store.close()
    const store = await open(subject.path, 'another name')
    assert.equal(store.stream, 'node-1')
    await store.revoke(revocation())
    await assertChain(store, 2)
    await store.close()
  })

  it('asks the disk before it answers: write-ahead log, synchronous FULL', async () => {
    // Every connection sees the mode; how the writer commits is seen in its own setting.
    const database = new DatabaseSync(subject.path)
    assert.equal(database.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal')
    database.close()
    const { openForWriting } = await import('../../src/stores/sqlite/connection.ts')
    const writing = openForWriting(join(subject.folder, 'other.db'), 'full')
    assert.equal(writing.prepare('PRAGMA synchronous').get()?.['synchronous'], 2)
    writing.close()
  })
})

describe('verifyChain', () => {
  const tampers = {
    'a changed reason': [`UPDATE log SET reason = 'compromised' WHERE position = 7`, 7],
    'a changed actor, with a hash that fits': [
      `UPDATE log SET actor = 'eve', hash = 'made up' WHERE position = 7`,
      7,
    ],
    'an entry that is missing': ['DELETE FROM log WHERE position = 7', 7],
    'a first entry that is missing': ['DELETE FROM log WHERE position = 1', 1],
    'two entries in each other’s place': [
      `UPDATE log SET position = 1000 WHERE position = 7;
       UPDATE log SET position = 7 WHERE position = 8;
       UPDATE log SET position = 8 WHERE position = 1000`,
      7,
    ],
    'a whole rewritten past': [`UPDATE log SET previous_hash = '' WHERE position = 5`, 5],
  } as const

  for (const [what, [sql, sequence]] of Object.entries(tampers)) {
    it(`finds ${what}`, async () => {
      await Promise.all(times(20, () => subject.store.revoke(revocation())))
      change(subject.path, sql)
      const verdict = await verifyChain(subject.store)
      assert.ok(!verdict.intact)
      assert.equal(verdict.sequence, sequence)
      assert.equal(verdict.stream, 'node-1')
    })
  }

  it('says how far it is, and names the heads of an intact log', async () => {
    const last = times(12_000, () => subject.store.revoke(revocation())).at(-1)
    const progress: number[] = []
    const entry = (await last)?.revocation
    const verdict = await verifyChain(subject.store, ({ checked, total }) => {
      assert.equal(total, 12_000)
      progress.push(checked)
    })
    assert.ok(verdict.intact)
    assert.equal(verdict.entries, 12_000)
    assert.deepEqual(verdict.heads.get('node-1'), { sequence: 12_000, hash: entry?.hash })
    assert.deepEqual(progress, [5000, 10_000, 12_000])
  })
})

describe('backup and restore', () => {
  it('copies what was committed, while changes go on', async () => {
    const { store, folder } = subject
    const { sid, token } = await openWithToken(store)
    await Promise.all(times(500, () => store.revoke(revocation())))
    const copy = join(folder, 'copy.db')
    const copying = store.backup(copy)
    const during = times(2000, () => store.revoke(revocation()))
    await Promise.all([copying, ...during])
    assert.equal(statSync(copy).mode & 0o777, 0o600)
    const restored = await open(copy)
    const verdict = await verifyChain(restored)
    assert.ok(verdict.intact)
    assert.ok(verdict.entries >= 500 && verdict.entries <= 2500)
    assert.equal((await restored.findSession(sid))?.sid, sid)
    assert.equal((await restored.rotate(rotation(token))).kind, 'rotated')
    assert.notEqual(restored.stream, 'node-1', 'a copy numbers in a stream of its own')
    await restored.close()
  })

  it('does not write over a file', async () => {
    const path = join(subject.folder, 'precious')
    writeFileSync(path, 'precious')
    await refuses(subject.store.backup(path), 'store_unavailable')
    assert.equal(statSync(path).size, 8)
    const nowhere = join(subject.folder, 'no', 'such', 'folder')
    await refuses(subject.store.backup(nowhere), 'store_unavailable')
  })

  it('restores into a stream that was never used, each time another, and keeps the old file', async () => {
    const { store, folder, path } = subject
    const copy = join(folder, 'copy.db')
    await Promise.all(times(10, () => store.revoke(revocation())))
    await store.backup(copy)
    await Promise.all(times(5, () => store.revoke(revocation())))
    assert.throws(() => restoreSqlite(copy, path), /another process is using it/)
    await store.close()
    const streams = new Set(['node-1'])
    for (const turn of [1, 2, 3]) {
      const outcome = restoreSqlite(copy, path)
      assert.equal(outcome.entries, 10)
      assert.equal(outcome.carried, 4 + turn)
      assert.equal(outcome.kept, `${path}.before-restore-${turn}`)
      const restored = await open(path)
      assert.equal(restored.stream, outcome.stream)
      assert.ok(!streams.has(restored.stream), 'numbers of this stream were given out before')
      streams.add(restored.stream)
      const { revocation: entry } = await restored.revoke(revocation())
      assert.equal(entry.sequence, 5 + turn)
      assert.deepEqual(
        await restored.head(),
        new Map([
          ['node-1', 10],
          [restored.stream, 5 + turn],
        ]),
      )
      assert.ok((await verifyChain(restored)).intact)
      await restored.close()
    }
    const old = await open(`${path}.before-restore-1`)
    await assertChain(old, 15)
    await old.close()
  })

  it('carries over who is still to be told, and what was given up', async () => {
    const { store, folder, path } = subject
    const copy = join(folder, 'copy.db')
    const [known, later, dead, told] = times(4, () => owed())
    assert.ok(known && later && dead && told)
    await owe(store, known)
    await store.backup(copy)
    await owe(store, later, dead, told)
    await claim(store, { limit: 4 })
    await settle(store, dead.id, { state: 'dead', attempts: 90, lastError: 'no answer' })
    await settle(store, told.id)
    await store.close()
    for (const turn of [1, 2]) {
      restoreSqlite(copy, path)
      const restored = await open(path)
      const deliveries: readonly (Delivery | undefined)[] = await Promise.all(
        [known, later, dead, told].map(({ id }) => restored.findDelivery(id)),
      )
      assert.deepEqual(
        deliveries.map((one) => [one?.state, one?.lastError]),
        [
          ['owed', undefined],
          ['owed', undefined],
          ['dead', 'no answer'],
          [undefined, undefined],
        ],
        `restored ${turn} times`,
      )
      await restored.close()
    }
  })

  it('keeps what a killed server had left in the write-ahead log', async () => {
    const { store, folder, path } = subject
    const copy = join(folder, 'copy.db')
    await store.backup(copy)
    await Promise.all(times(25, () => store.revoke(revocation())))
    // What a kill leaves: the file and its log, as they are while the store is open.
    const left = join(folder, 'left.db')
    for (const suffix of ['', '-wal']) copyFileSync(path + suffix, left + suffix)
    const { kept } = restoreSqlite(copy, left)
    assert.ok(kept)
    assert.ok(!existsSync(`${left}-wal`), 'no log of another file lies beside the restored one')
    const old = await open(kept)
    await assertChain(old, 25)
    await old.close()
  })

  it('changes nothing where the backup is damaged, tampered with, empty or not there', async () => {
    const { store, folder, path } = subject
    await Promise.all(times(300, () => store.revoke(revocation())))
    const good = join(folder, 'good.db')
    await store.backup(good)
    await store.close()
    const before = readdirSync(folder).length
    const bad = join(folder, 'bad.db')
    const faults: readonly (readonly [RegExp, () => void])[] = [
      [/there is no such file$/, () => undefined],
      [/it is empty$/, () => writeFileSync(bad, '')],
      [/not a database/, () => writeFileSync(bad, 'no database'.repeat(1000))],
      [/another program$/, () => change(bad, 'CREATE TABLE recipes (name TEXT)')],
      [
        /entry 30 of stream node-1 .*written$/,
        () => edit('UPDATE log SET actor = 1 WHERE position = 30'),
      ],
      [/entry 300 of stream node-1 .*missing$/, () => edit('DELETE FROM log WHERE position = 300')],
      [/its schema is number 99,/, () => edit(`INSERT INTO schema_migrations VALUES (99, '')`)],
    ]
    const edit = (sql: string) => {
      copyFileSync(good, bad)
      change(bad, sql)
    }
    for (const [message, spoil] of faults) {
      if (existsSync(bad)) writeFileSync(bad, '')
      spoil()
      assert.throws(() => restoreSqlite(bad, path), { message })
    }
    assert.equal(readdirSync(folder).length, before + 1, 'nothing is left lying about')
    const after = readdirSync(folder)
    for (const fresh of ['fresh.db', 'a/fresh.db', 'a/b/c/fresh.db']) {
      assert.throws(() => restoreSqlite(bad, join(folder, fresh)), /its schema is number 99/)
      assert.deepEqual(readdirSync(folder), after, `nothing was made for ${fresh}`)
    }
    mkdirSync(join(folder, 'a'))
    assert.throws(() => restoreSqlite(bad, join(folder, 'a/b/fresh.db')), /its schema is number 99/)
    assert.deepEqual(readdirSync(join(folder, 'a')), [], 'what was there stays')
    const still = await open(path)
    await assertChain(still, 300)
    await still.close()
  })
})
