/**
 * docs/lease.pml under the model checker Spin: every order of events in a small world. Where Spin
 * or a C compiler is not installed there is nothing to run, and the test says so.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const model = fileURLToPath(new URL('../../docs/lease.pml', import.meta.url))
const broken = ['PONG_FIRST', 'FORGET_GONE', 'COUNT_SHORT', 'FROM_PONG', 'ACK_FIRST', 'NO_MEMORY']

function isInstalled(): boolean {
  return ['spin', 'cc'].every(
    (name) => spawnSync(name, [name === 'spin' ? '-V' : '-v']).status === 0,
  )
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
  const run = (name: string, check: () => void): void => {
    test(name, (context: TestContext) => {
      if (isInstalled()) check()
      else context.diagnostic('Spin or cc is not installed: the model was not searched')
    })
  }

  run('has no order of events in which a guard accepts after a confirmation', () => {
    assert.equal(errorsOf('-DLAST=5'), 0)
  })
  for (const definition of broken) {
    run(`shows what is wrong with ${definition}`, () => {
      assert.equal(errorsOf('-DLAST=4', `-D${definition}`), 1)
    })
  }
})
