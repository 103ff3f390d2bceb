import assert from 'node:assert/strict'
import { test } from 'node:test'
import { untilStopped } from '../../src/cli/until-stopped.ts'
import { testTerminal } from './test-terminal.ts'

test('signals within a second are one, and a later one ends the process at once', async () => {
  let nowMs = 5000
  const exits: number[] = []
  const exit = (code: number): void => void exits.push(code)
  const terminal = { ...testTerminal({ env: {} }), nowMs: () => nowMs, exit }
  const stopped = untilStopped(terminal)
  terminal.interrupt()
  await stopped
  for (const passedMs of [0, 1, 999]) {
    nowMs = 5000 + passedMs
    terminal.interrupt()
  }
  assert.deepEqual(exits, [])
  nowMs = 6000
  terminal.interrupt()
  assert.deepEqual(exits, [1])
  assert.equal(
    terminal.shown.err,
    'outright: finishing what was accepted; a second signal stops at once\n' +
      'outright: stopped at once\n',
  )
})
