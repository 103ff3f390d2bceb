/**
 * docs/lease.pml under the model checker Spin: every order of events in a small world. It needs
 * Spin and a C compiler, and fails where they are not installed.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const model = fileURLToPath(new URL('../../docs/lease.pml', import.meta.url))
/** What is wrong, and the smallest world that shows it. */
const broken = {
  PONG_FIRST: 3,
  FORGET_GONE: 3,
  COUNT_SHORT: 3,
  FROM_PONG: 3,
  ACK_FIRST: 3,
  NO_MEMORY: 4,
  // The second answer to a logout that was asked for twice.
  SHORTCUT: 3,
  OLD_IS_DONE: 4,
}

/** What to install says more than that a command was not found. */
function demandTools(): void {
  for (const [name, argument] of [
    ['spin', '-V'],
    ['cc', '--version'],
  ] as const) {
    const { status } = spawnSync(name, [argument])
    assert.equal(
      status,
      0,
      `"${name}" is needed: apt-get install --no-install-recommends spin gcc libc6-dev`,
    )
  }
}

/** Searches the whole model; gives the count of errors that Spin found. */
function errorsOf(...definitions: readonly string[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'outright-model-'))
  try {
    const options = { cwd: folder, encoding: 'utf8', maxBuffer: 10_000_000 } as const
    execFileSync('spin', [...definitions, '-a', model], options)
    execFileSync('cc', ['-O1', '-DSAFETY', '-o', 'pan', 'pan.c'], options)
    const { stdout } = spawnSync('./pan', ['-m1000000', '-n'], options)
    assert.doesNotMatch(stdout, /max search depth too small|out of memory/)
    return Number(/errors: (\d+)/.exec(stdout)?.[1])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

suite('the model of the lease', () => {
  before(demandTools)

  test('has no order of events in which a guard accepts after a confirmation', () => {
    assert.equal(errorsOf('-DLAST=5'), 0)
  })
  for (const [definition, last] of Object.entries(broken)) {
    test(`shows what is wrong with ${definition}`, () => {
      assert.equal(errorsOf(`-DLAST=${String(last)}`, `-D${definition}`), 1)
    })
  }
})
