import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { judge, type Action, type Outcome } from './judge.ts'
import { spread } from './summary.ts'

/** The logout is asked for at 100 and answered at 110. */
const times = { requestMs: 100, answerMs: 110 }

/** One action each: when it was begun and what came of it, 1 ms later. */
function actions(...list: readonly (readonly [number, Outcome])[]): readonly Action[] {
  return list.map(([atMs, outcome]) => ({ atMs, settledMs: atMs + 1, outcome, why: outcome }))
}

const control = actions([50, 'accepted'], [200, 'accepted'])

function judged(seen: readonly Action[], more: Partial<Parameters<typeof judge>[0]> = {}) {
  const { verdict, afterAnswerMs, gapMs, detail } = judge({
    actions: seen,
    control,
    ...times,
    allowedMs: 0,
    ...more,
  })
  return [verdict, afterAnswerMs, gapMs, detail]
}

suite('a path is', () => {
  test('refused where nothing that was begun after the answer is accepted', () => {
    const seen = actions([90, 'accepted'], [105, 'accepted'], [112, 'refused'], [130, 'refused'])
    assert.deepEqual(judged(seen), ['refused', -5, 7, ''])
    // In whatever order the answers came.
    assert.deepEqual(judged(seen.toReversed()), ['refused', -5, 7, ''])
    assert.equal(judge({ actions: seen, control, ...times, allowedMs: 0 }).afterRequestMs, 5)
  })

  test('late where one is accepted, by however little, and later ones are refused', () => {
    const seen = actions([90, 'accepted'], [110.1, 'accepted'], [112, 'refused'])
    assert.deepEqual(judged(seen), ['late', 0.1, 1.9, ''])
    assert.deepEqual(judged(seen, { allowedMs: 1 }), ['refused', 0.1, 1.9, ''])
    // A broken control does not excuse it.
    assert.equal(judged(seen, { control: [] })[0], 'late')
  })

  test('late where it refuses and accepts in turn: servers that differ', () => {
    const seen = actions([90, 'accepted'], [120, 'refused'], [130, 'accepted'], [140, 'refused'])
    const detail = 'it refused and accepted in turn: not all of its servers are guarded'
    assert.deepEqual(judged(seen), ['late', 20, 10, detail])
  })

  test('never refused where it accepts to the end, or only fails after that', () => {
    const seen = actions([90, 'accepted'], [300, 'accepted'])
    assert.deepEqual(judged(seen), ['never_refused', 190, null, ''])
    const fails = [...seen, ...actions([310, 'failed'])]
    assert.deepEqual(judged(fails), ['never_refused', 190, null, 'failed'])
  })

  test('not measured where what comes after the logout is not a refusal', () => {
    for (const outcome of ['failed', 'closed'] as const) {
      const [verdict, at, , detail] = judged(actions([90, 'accepted'], [120, outcome]))
      assert.deepEqual([verdict, at, detail], ['not_measured', null, outcome])
    }
    const [verdict, , , detail] = judged(actions([90, 'accepted']))
    assert.deepEqual([verdict, detail], ['not_measured', 'it was not tried after the logout'])
  })

  test('not measured where it did not accept the session before', () => {
    const after = actions([120, 'refused'])
    for (const [before, said] of [
      [
        [
          [90, 'accepted'],
          [95, 'refused'],
        ],
        'before the logout already: refused',
      ],
      [
        [
          [90, 'refused'],
          [95, 'accepted'],
        ],
        'before the logout already: refused',
      ],
      [
        [
          [90, 'accepted'],
          [95, 'failed'],
        ],
        'before the logout already: failed',
      ],
      [[], 'it accepted nothing'],
    ] as const) {
      const [verdict, , , detail] = judged([...actions(...before), ...after])
      assert.deepEqual([verdict, detail], ['not_measured', said])
    }
    // One that failed and was followed by one that did not says nothing against it.
    const hiccup = actions([80, 'failed'], [90, 'accepted'], [120, 'refused'])
    assert.equal(judged(hiccup)[0], 'refused')
  })

  test('not measured where it refuses the other session as well', () => {
    const seen = actions([90, 'accepted'], [120, 'refused'])
    const refused = actions([50, 'accepted'], [200, 'refused'])
    const said = 'a session that was not logged out is not accepted either'
    assert.deepEqual(judged(seen, { control: refused })[3], `${said}: refused`)
    assert.deepEqual(judged(seen, { control: [] })[3], `${said}: it was not tried`)
  })

  test('judged by what was begun before the logout and refused after it: that is the logout', () => {
    const overtaken = [{ atMs: 99, settledMs: 120, outcome: 'refused', why: '' }] as const
    assert.equal(judged([...actions([90, 'accepted']), ...overtaken])[0], 'refused')
  })
})

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 100 }, (_, index) => 100 - index)
  assert.deepEqual(spread(values), { p50: 50, p99: 99, max: 100 })
  assert.deepEqual(spread([-3]), { p50: -3, p99: -3, max: -3 })
  assert.equal(spread([]), null)
})
