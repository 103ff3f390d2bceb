/** The row of `docs/extending.md`, put into a copy of the source that is compiled and run. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'outright-scope-'))
after(() => {
  rmSync(copy, { recursive: true, force: true })
})

function run(...parameters: readonly string[]): {
  readonly status: number | null
  readonly text: string
} {
  // The runner in the copy is not part of this run.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout } = spawnSync(process.execPath, parameters, {
    cwd: copy,
    env,
    encoding: 'utf8',
  })
  return { status, text: stdout }
}

test('a new scope is one row: it compiles, and ends tokens and sessions everywhere', () => {
  for (const name of ['src', 'test', 'packages', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const guide = readFileSync(join(root, 'docs/extending.md'), 'utf8')
  const [, row] = /```ts\n(installation: .*?)```/s.exec(guide) ?? []
  assert.ok(row !== undefined, 'the guide has a row')
  const table = join(copy, 'src/domain/scope.ts')
  const source = readFileSync(table, 'utf8')
  const extended = source.replace('\n  everyone: {', `\n${row}\n  everyone: {`)
  assert.notEqual(extended, source)
  writeFileSync(table, extended)
  const config = JSON.stringify({ extends: './tsconfig.json', include: ['src'] })
  writeFileSync(join(copy, 'tsconfig.scope.json'), config)
  const compiled = run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.scope.json')
  assert.deepEqual(compiled, { status: 0, text: '' })
  const tried = run(
    '--conditions=outright-source',
    '--test',
    '--test-reporter=spec',
    'test/invariants/scopes.test.ts',
  )
  assert.equal(tried.status, 0, tried.text)
  assert.match(tried.text, /✔ scope installation/)
})
