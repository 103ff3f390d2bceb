import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { testTerminal } from '../../test/cli/test-terminal.ts'
import { createOutput, printable, type Column } from './output.ts'
import { createProgress, formatBytes, share } from './progress.ts'

interface Row {
  readonly name: string
  readonly state: string
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'STATE', value: ({ state }) => state, style: () => 'green' },
]

function terminal(env: Readonly<Record<string, string>> = {}, isTerminal = false) {
  const made = testTerminal({ env })
  return {
    ...made,
    isInteractive: { stdin: isTerminal, stdout: isTerminal, stderr: isTerminal },
  }
}

suite('createOutput()', () => {
  const rows = [
    { name: 'a', state: 'live' },
    { name: 'longer', state: '' },
  ]

  test('aligns tables and leaves no spaces at the end of a line', () => {
    const here = terminal()
    createOutput(here, { json: false, color: true }).table(rows, columns, 'none')
    assert.equal(here.shown.out, 'NAME    STATE\na       live\nlonger  -\n')
  })

  test('says on standard error that a list is empty, and prints nothing with --json', () => {
    const here = terminal()
    createOutput(here, { json: false, color: true }).table([], columns, 'nobody')
    createOutput(here, { json: true, color: true }).table([], columns, 'nobody')
    assert.deepEqual(here.shown, { out: '', err: 'outright: nobody\n', questions: [] })
  })

  test('paints in a terminal alone, and not against NO_COLOR or --no-color', () => {
    const painted = (env: Record<string, string>, isTerminal: boolean, color: boolean): boolean => {
      const here = terminal(env, isTerminal)
      createOutput(here, { json: false, color }).table(rows, columns, '')
      return here.shown.out.includes('\u001B[')
    }
    assert.equal(painted({}, true, true), true)
    assert.equal(painted({}, false, true), false)
    assert.equal(painted({ NO_COLOR: '1' }, true, true), false)
    assert.equal(painted({ NO_COLOR: '' }, true, true), true)
    assert.equal(painted({}, true, false), false)
  })
})

test('printable() lets nothing through that steers a terminal', () => {
  assert.equal(printable('a\u001B[2Jb'), 'a\u{FFFD}[2Jb')
  assert.equal(printable('one\ntwo\r'), 'one\u{FFFD}two\u{FFFD}')
  assert.equal(printable('admin\u202Etxt'), 'admin\u{FFFD}txt')
  assert.equal(printable('\u009B31m'), '\u{FFFD}31m')
  assert.equal(printable('Zoë 😀 مريم'), 'Zoë 😀 مريم')
})

suite('createProgress()', () => {
  const describe = (done: number, of: number | undefined) => `did ${done} of ${String(of)}`
  const at = (isTerminal: boolean) => {
    let nowMs = 0
    const here = { ...terminal({}, isTerminal), nowMs: () => nowMs }
    const progress = createProgress(here, describe)
    return {
      shown: here.shown,
      progress,
      wait: (ms: number) => {
        nowMs += ms
      },
    }
  }

  test('is silent for a second, then rewrites one line in a terminal', () => {
    const { shown, progress, wait } = at(true)
    progress.update(1, 9)
    wait(999)
    progress.update(2, 9)
    assert.equal(shown.err, '')
    wait(1)
    progress.update(3, 9)
    progress.update(4, 9)
    wait(100)
    progress.update(5, 9)
    progress.end()
    assert.equal(
      shown.err,
      '\r\u001B[Koutright: did 3 of 9\r\u001B[Koutright: did 5 of 9\r\u001B[K',
    )
  })

  test('writes a line every five seconds elsewhere', () => {
    const { shown, progress, wait } = at(false)
    for (let second = 0; second < 12; second++) {
      progress.update(second, undefined)
      wait(1000)
    }
    progress.end()
    assert.equal(
      shown.err,
      'outright: did 1 of undefined\noutright: did 6 of undefined\noutright: did 11 of undefined\n',
    )
  })

  test('leaves nothing behind what was quick', () => {
    const { shown, progress } = at(true)
    progress.update(1, 1)
    progress.end()
    assert.equal(shown.err, '')
  })
})

test('formatBytes() and share() speak of sizes', () => {
  assert.deepEqual([0, 999, 1000, 1_500_000, 2e12, 5e15].map(formatBytes), [
    '0 B',
    '999 B',
    '1.0 kB',
    '1.5 MB',
    '2.0 TB',
    '5000.0 TB',
  ])
  assert.equal(share(5, 10), '5 of 10 (50%)')
  assert.equal(share(5, undefined), '5')
})
