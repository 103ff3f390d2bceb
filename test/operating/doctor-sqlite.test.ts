/** The doctor on SQLite: each check on a folder, a disk or a database that really is that way. */
import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import {
  examineSpace,
  examineSync,
  fileSystemIn,
  fileSystemOf,
  judgeFileSystem,
} from '../../src/server/doctor/disk.ts'
import { judgeJournal, judgeSchema } from '../../src/server/doctor/sqlite.ts'
import { revocation } from '../../src/stores/contract/samples.ts'
import { openSqliteStore, type SqliteStore } from '../../src/stores/sqlite/store.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { finding, findings, outright, verdicts, withFolder } from './doctor.ts'

const adminToken = 'm9vXk2-Zt7QpLw4sRb8dYc1f'

async function demoDatabase(dataDir: string) {
  const config = await loadConfig(
    {},
    { demo: true, dataDir, port: 0, passwordCost: { memoryKiB: 64, passes: 1 } },
  )
  return compose(config, {
    clock: systemClock,
    random: systemRandom(),
    log: silentLog,
    otpSender: { send: () => Promise.resolve() },
  })
}

/** A file system in memory: every Linux has this one. */
const memory = '/dev/shm'

describe('doctor on SQLite', () => {
  test('an empty folder of its own passes every check', () =>
    withFolder(async (data) => {
      const all = await findings({
        data,
        environment: { OUTRIGHT_ISSUER: 'https://auth.example', OUTRIGHT_ADMIN_TOKEN: adminToken },
      })
      const failed = all.filter(({ verdict }) => verdict === 'fail')
      assert.deepEqual(failed, [])
      assert.equal(finding(all, 'sqlite.journal').measured, 'journal_mode WAL, synchronous FULL')
      assert.match(finding(all, 'disk.fsync').measured, /^p50 \d.* over 100 pages$/)
      assert.deepEqual(await readdir(data), ['outright.db.lock'])
    }))

  test('a log that does not come as far as its head, and a backup in its place, are failures', () =>
    withFolder(async (data) => {
      const path = join(data, 'outright.db')
      const open = (): Promise<SqliteStore> =>
        openSqliteStore({ path, stream: 'node-1', durability: 'full' })
      const store = await open()
      const copy = join(data, 'copy.db')
      await store.revoke(revocation())
      assert.equal(finding(await findings({ data }), 'sqlite.head').measured, 'the log is complete')
      await store.backup(copy)
      await store.revoke(revocation())
      await store.close()
      await copyFile(copy, path)
      const behind = finding(await findings({ data }), 'sqlite.head')
      assert.equal(behind.verdict, 'fail')
      assert.match(behind.measured, /its log ends at entry 1, and entry 2 was answered/)
      await rm(join(data, 'outright.head'))
      const undecided = finding(await findings({ data }), 'sqlite.head')
      assert.deepEqual(
        [undecided.verdict, undecided.measured],
        ['warn', `${join(data, 'outright.head')} is not there`],
      )
      await (await open()).close()
      const marked = finding(await findings({ data }), 'sqlite.head')
      assert.equal(marked.verdict, 'fail')
      assert.match(marked.measured, /this database is a backup/)
      assert.match(marked.advice ?? '', /--after-restore end-everyone/)
    }))

  test('the exit code is 1 where something failed, and nothing shows the admin token', () =>
    withFolder(async (data) => {
      const weak = 'aaaabbbb'
      const bad = await outright(['doctor', '--data', data, '--json'], {
        OUTRIGHT_ADMIN_TOKEN: weak,
      })
      assert.equal(bad.code, 1)
      assert.match(bad.err, /^outright: 2 of \d+ checks failed\n$/)
      assert.equal((bad.out + bad.err).includes(weak), false)
      const lines = bad.out.trimEnd().split('\n')
      assert.ok(lines.every((line) => 'verdict' in (JSON.parse(line) as object)))
      const good = await outright(['doctor', '--data', data], { OUTRIGHT_ADMIN_TOKEN: adminToken })
      assert.equal(good.code, 0, good.out)
      assert.match(good.out, /^warn +settings\.issuer +http:.* → put a proxy/m)
    }))

  test('settings with which no server starts are a finding, and the rest is examined', () =>
    withFolder(async (data) => {
      const environment = { OUTRIGHT_ADMIN_TOKEN: 'outright-demo-admin' }
      const all = await findings({ data, environment })
      const { verdict, measured } = finding(all, 'settings.start')
      assert.equal(verdict, 'fail')
      assert.match(measured, /^a server refuses to start: adminToken is a credential of the demo/)
      assert.equal(finding(all, 'settings.admin-token').verdict, 'fail')
      assert.equal(finding(await findings({ data }), 'settings.start').verdict, 'ok')
      assert.equal(finding(all, 'clock.rate').verdict, 'ok')
    }))

  test('a database that is damaged: what it is, and what to do', () =>
    withFolder(async (data) => {
      await (await demoDatabase(data)).close()
      await writeFile(join(data, 'outright.db'), 'no database at all'.repeat(1_000))
      const all = await findings({ data })
      const { verdict, measured } = finding(all, 'sqlite.head')
      assert.equal(verdict, 'fail')
      assert.match(measured, /^it cannot be compared: it is not a database \(SQLite 26\)$/)
      const schema = finding(all, 'sqlite.schema')
      assert.match(schema.measured, /it is not a database \(SQLite 26\)$/)
      assert.equal(schema.advice, 'restore a backup')
    }))

  test('no folder', () =>
    withFolder(async (parent) => {
      const data = join(parent, 'none')
      assert.equal(finding(await findings({ data }), 'sqlite.folder').verdict, 'fail')
      assert.equal(existsSync(data), false)
    }))

  test('files that others may read', () =>
    withFolder(async (data) => {
      await writeFile(join(data, 'outright.db'), '', { mode: 0o644 })
      const found = finding(await findings({ data }), 'sqlite.permissions')
      assert.equal(found.verdict, 'fail')
      assert.match(found.measured, /mode 0644/)
      await rm(join(data, 'outright.db'))
      await chmod(data, 0o755)
      assert.equal(finding(await findings({ data }), 'sqlite.permissions').verdict, 'warn')
    }))

  test('a lock that cannot be taken', () =>
    withFolder(async (data) => {
      await mkdir(join(data, 'outright.db.lock'))
      assert.equal(finding(await findings({ data }), 'sqlite.lock').verdict, 'fail')
    }))

  test('beside a server that has the database open; the demo’s identities', () =>
    withFolder(async (data) => {
      const composition = await demoDatabase(data)
      try {
        const all = await findings({ data })
        assert.equal(finding(all, 'sqlite.lock').measured, 'a server is using the database')
        assert.match(finding(all, 'sqlite.schema').measured, /nothing is pending/)
        assert.equal(finding(all, 'store.demo-identities').verdict, 'fail')
        const { store } = composition.dependencies
        assert.ok(await store.removeOperator('admin'))
        const without = finding(await findings({ data }), 'store.demo-identities').measured
        const [before, after] = [finding(all, 'store.demo-identities').measured, without].map(
          (measured) => Number.parseInt(measured, 10),
        )
        assert.equal(after, (before ?? 0) - 1, 'an operator counts')
        await composition.dependencies.store.ready()
      } finally {
        await composition.close()
      }
    }))

  test('a file that is not a database, and the database of another program', () =>
    withFolder(async (data) => {
      const path = join(data, 'outright.db')
      await writeFile(path, 'x'.repeat(4096), { mode: 0o600 })
      assert.equal(finding(await findings({ data }), 'sqlite.schema').verdict, 'fail')
      await rm(path)
      const other = new DatabaseSync(path)
      other.exec('CREATE TABLE other (number INTEGER)')
      other.close()
      await chmod(path, 0o600)
      assert.equal(finding(await findings({ data }), 'sqlite.schema').verdict, 'fail')
    }))

  test('a schema from the future', () => {
    assert.equal(judgeSchema('sqlite.schema', 2, 1, 2).verdict, 'fail')
    assert.equal(judgeSchema('postgres.schema', 2, 1, 1).verdict, 'ok')
  })

  test('durability off: the pragma that is really in force, and the setting', () =>
    withFolder(async (data) => {
      const config = join(data, 'config.json')
      await writeFile(config, JSON.stringify({ durability: 'off' }))
      const all = await findings({ data, config })
      assert.equal(finding(all, 'settings.durability').verdict, 'fail')
      assert.equal(finding(all, 'sqlite.journal').verdict, 'fail')
      assert.equal(judgeJournal('delete', 2).verdict, 'fail')
    }))
})

describe('doctor on disks', () => {
  test('a file system in memory: the kind fails, its speed is a warning', async () => {
    assert.equal(await fileSystemOf(memory), 'tmpfs', `${memory} has to be in memory`)
    await withFolder(async (data) => {
      const found = verdicts(await findings({ data }))
      assert.equal(found['disk.file-system'], 'fail')
      assert.equal(found['disk.fsync'], 'warn')
    }, memory)
  })

  test('a disk whose fsync takes no time lies, one that takes long is slow', () =>
    withFolder((folder) => {
      let now = 0
      const after = (us: number) => () => (now += us)
      assert.equal(examineSync(folder, after(5)).verdict, 'warn')
      assert.match(examineSync(folder, after(5)).measured, /faster than a disk can be/)
      assert.equal(examineSync(folder, after(400)).verdict, 'ok')
      assert.equal(examineSync(folder, after(50_000)).verdict, 'warn')
      assert.equal(examineSync(join(folder, 'none'), after(400)).verdict, 'fail')
      return Promise.resolve()
    }))

  test('room that is not enough', () =>
    withFolder(async (folder) => {
      const plenty = { failBelow: 0, warnBelow: 0 }
      const never = Number.MAX_SAFE_INTEGER
      assert.equal((await examineSpace(folder, 0, plenty)).verdict, 'ok')
      assert.equal((await examineSpace(folder, never, plenty)).verdict, 'warn')
      const needed = { failBelow: never, warnBelow: never }
      assert.equal((await examineSpace(folder, 0, needed)).verdict, 'fail')
    }))

  test('the mount that a path lies in', () => {
    const mounts = [
      '22 1 0:21 / / rw,relatime - ext4 /dev/vda rw',
      '23 22 0:22 / /srv rw shared:1 master:2 - xfs /dev/vdb rw',
      '24 23 0:23 / /srv/my\\040data rw - nfs4 nas:/x rw',
      '25 24 0:24 / /srv/my\\040data rw - tmpfs none rw',
    ].join('\n')
    assert.equal(fileSystemIn(mounts, '/var'), 'ext4')
    assert.equal(fileSystemIn(mounts, '/srv/x'), 'xfs')
    assert.equal(fileSystemIn(mounts, '/srvx'), 'ext4')
    assert.equal(fileSystemIn(mounts, '/srv/my data/y'), 'tmpfs')
  })

  test('kinds of file systems', () => {
    for (const name of ['nfs', 'nfs4', 'cifs', '9p', 'ceph', 'fuse.sshfs', 'tmpfs']) {
      assert.equal(judgeFileSystem(name).verdict, 'fail', name)
    }
    for (const name of ['ext4', 'xfs', 'btrfs', undefined]) {
      assert.equal(judgeFileSystem(name).verdict, 'ok', name)
    }
    assert.equal(judgeFileSystem('fuse.something').verdict, 'warn')
  })
})
