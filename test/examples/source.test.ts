/**
 * The row and the line of `docs/extending.md`, put into a copy of the source that is compiled and
 * run.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const copy = mkdtempSync(join(tmpdir(), 'outright-source-'))
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

/** Puts something of the guide before a line of a file of the copy. */
function insert(fence: RegExp, file: string, before: string): void {
  const guide = readFileSync(join(root, 'docs/extending.md'), 'utf8')
  const [, words] = fence.exec(guide) ?? []
  assert.ok(words !== undefined, 'it is in the guide')
  const source = readFileSync(join(copy, file), 'utf8')
  const extended = source.replace(before, `\n${words}${before}`)
  assert.notEqual(extended, source)
  writeFileSync(join(copy, file), extended)
}

/** What is built may be built anew by another test meanwhile. */
function isSource(path: string): boolean {
  return !/\/(dist|node_modules|server\/console)$/.test(path)
}

function tests(file: string): { readonly status: number | null; readonly text: string } {
  return run('--conditions=outright-source', '--test', '--test-reporter=spec', file)
}

before(() => {
  for (const name of ['src', 'test', 'examples', 'packages', 'package.json', 'tsconfig.json']) {
    cpSync(join(root, name), join(copy, name), { recursive: true, filter: isSource })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  insert(/```ts\n(installation: .*?)```/s, 'src/domain/scope.ts', '\n  everyone: {')
  insert(/```ts\n(export \{ whoami \}.*?)\n```/s, 'src/server/surfaces.ts', '\nexport { admin }')
  const example = readFileSync(join(root, 'examples/surface/whoami/index.ts'), 'utf8')
  const folder = join(copy, 'src/http/surfaces/whoami')
  mkdirSync(folder)
  writeFileSync(join(folder, 'index.ts'), example.replaceAll("'../../../src/", "'../../../"))
  const config = JSON.stringify({ extends: './tsconfig.json', include: ['src'] })
  writeFileSync(join(copy, 'tsconfig.copy.json'), config)
  const compiled = run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.copy.json')
  assert.deepEqual(compiled, { status: 0, text: '' })
})

test('a new scope is one row: it compiles, and ends tokens and sessions everywhere', () => {
  const tried = tests('test/invariants/scopes.test.ts')
  assert.equal(tried.status, 0, tried.text)
  assert.match(tried.text, /✔ scope installation/)
})

test('a new surface is one folder and one line: it compiles, has settings, answers, is described', () => {
  const tried = tests('examples/surface/call.ts')
  assert.equal(tried.status, 0, tried.text)
  assert.match(tried.text, /✔ the surface whoami/)
})
