/** What was changed in a copy of the log is found, and nothing is put in its place. */
import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { run } from '../../src/cli/run.ts'
import { startTestServer } from '../harness.ts'
import { testTerminal } from './test-terminal.ts'

suite('a backup that was tampered with', () => {
  let folder = ''
  const file = (name: string): string => join(folder, name)

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'outright-damage-'))
    const server = await startTestServer()
    const env = { OUTRIGHT_ADMIN_TOKEN: 'outright-demo-admin', OUTRIGHT_URL: server.url }
    for (const key of ['one', 'two', 'three']) {
      assert.equal(await run(['logout', '--token-id', key], testTerminal({ env })), 0)
    }
    assert.equal(await run(['backup', file('good.db')], testTerminal({ env })), 0)
    await server.close()
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function damaged(name: string, sql: string): Promise<string> {
    const copy = file(name)
    await copyFile(file('good.db'), copy)
    const database = new DatabaseSync(copy)
    database.exec(sql)
    database.close()
    return copy
  }

  async function outright(...args: readonly string[]) {
    const terminal = testTerminal({ env: {} })
    return { code: await run(args, terminal), ...terminal.shown }
  }

  const cases = [
    ['a changed entry', `UPDATE log SET note = 'nothing happened' WHERE key = 'two'`, 2],
    ['an entry whose key was changed', `UPDATE log SET key = 'four' WHERE key = 'one'`, 1],
    ['an entry that was taken out', `DELETE FROM log WHERE key = 'two'`, 2],
  ] as const
  for (const [index, [what, sql, entry]] of cases.entries()) {
    test(`${what} is found by audit verify, and restore refuses it`, async () => {
      const copy = await damaged(`damaged-${String(index)}.db`, sql)
      const verified = await outright('audit', 'verify', '--file', copy)
      assert.equal(verified.code, 1)
      assert.match(verified.out, new RegExp(`^broken at entry ${entry} of stream node-1: .+\n$`))
      assert.equal(verified.err, 'outright: the log was changed after it was written\n')
      const json = await outright('audit', 'verify', '--json', '--file', copy)
      const { ok, at } = JSON.parse(json.out) as { ok: boolean; at: object }
      assert.deepEqual([ok, at], [false, { stream: 'node-1', sequence: entry }])

      const data = file(`data-${String(index)}`)
      const restored = await outright('restore', copy, '--data', data)
      assert.equal(restored.code, 1)
      assert.equal(restored.out, '')
      await assert.rejects(readdir(data), { code: 'ENOENT' })
    })
  }

  test('a file that was cut short is refused by both', async () => {
    const copy = file('short.db')
    await copyFile(file('good.db'), copy)
    await truncate(copy, 10_000)
    assert.equal((await outright('audit', 'verify', '--file', copy)).code, 1)
    assert.equal((await outright('restore', copy, '--data', file('data-short'))).code, 1)
  })
})
