/** A backup whose disk is full: what is full, what to do, and what is left. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { run } from '../../src/cli/run.ts'
import { ADMIN_TOKEN } from '../admin/api.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { testTerminal } from './test-terminal.ts'

suite('a backup for which there is no room', () => {
  let server: TestServer
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outright-full-disk-'))
    server = await startTestServer({ oneNode: true })
  })
  after(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function backup(file: string) {
    const env = { OUTRIGHT_ADMIN_TOKEN: ADMIN_TOKEN, OUTRIGHT_URL: server.url }
    const terminal = testTerminal({ env })
    const code = await run(['backup', '--force', file], terminal)
    return { code, err: terminal.shown.err }
  }

  test('where it is saved: the file of before is as it was, and no part is left', async () => {
    const file = join(folder, 'copy.db')
    await writeFile(file, 'of before')
    // Every write to it fails as on a full disk.
    await symlink('/dev/full', `${file}.partial`)
    const { code, err } = await backup(file)
    assert.equal(code, 1)
    assert.equal(
      err,
      `outright: cannot save ${file}: the disk is full: make room, but delete nothing in the data ` +
        'folder (ENOSPC); nothing of the copy is left, and a file of before is as it was\n',
    )
    assert.deepEqual(await readdir(folder), ['copy.db'])
    assert.equal(await readFile(file, 'utf8'), 'of before')
  })

  test('where the server copies: its data folder is named, and no part is left', async () => {
    const file = join(folder, 'another.db')
    const { dataDir } = server.node
    limitFileSize('4096')
    const { code, err } = await backup(file).finally(() => {
      limitFileSize('unlimited')
    })
    assert.equal(code, 1)
    assert.match(
      err,
      /^outright: cannot copy the database inside the data folder of the server: the disk [^;]+\. Nothing of the copy was left\n$/,
    )
    assert.deepEqual(
      (await readdir(dataDir)).filter((name) => name.startsWith('backup-')),
      [],
    )
    assert.equal((await backup(file)).code, 0)
  })
})

/** Linux can change the limit of a process that runs; writes beyond it fail. */
function limitFileSize(bytes: string): void {
  const { status } = spawnSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`])
  assert.equal(status, 0, 'prlimit, of util-linux, is needed')
}
