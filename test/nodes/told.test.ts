/** What is said of who was told: found where it is wrong, and nothing where it is right. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { LoginCall, LogoutCall, TokenFacts } from './history.ts'
import { checkTold, type Told } from './told.ts'

const token: TokenFacts = {
  jti: 't1',
  sid: 's1',
  subject: 'ann',
  client: '42',
  kid: 'k1',
  timely: true,
}

function at(startMs: number, endMs: number) {
  return { at: 'node-1', said: '200', outcome: 'done', startMs, endMs } as const
}

const login: LoginCall = { op: 'login', token, ...at(0, 2) }

function logout(given: Partial<LogoutCall> = {}): LogoutCall {
  return { op: 'logout', scope: 'session', key: 's1', waited: true, ...at(10, 12), ...given }
}

const once: readonly Told[] = [{ id: 'd1', sid: 's1' }]

function rules(logouts: readonly LogoutCall[], told: readonly Told[]): readonly string[] {
  return checkTold([login, ...logouts], told).map(({ rule }) => rule)
}

suite('who is told', () => {
  test('of an end, as often as it takes, under one id', () => {
    assert.deepEqual(rules([logout()], once), [])
    assert.deepEqual(rules([logout()], [...once, ...once]), [])
    assert.deepEqual(rules([], []), [])
  })

  test('never of an end, whatever ended it', () => {
    for (const given of [
      {},
      { scope: 'subject', key: 'ann' },
      { scope: 'client', key: '42' },
      { scope: 'everyone', key: '' },
    ] as const) {
      assert.deepEqual(rules([logout(given)], []), ['never told'])
      assert.deepEqual(rules([logout({ ...given, waited: false })], []), ['never told'])
    }
  })

  test('under another id', () => {
    assert.deepEqual(rules([logout()], [...once, { id: 'd2', sid: 's1' }]), ['told under two ids'])
  })

  test('of what lives', () => {
    assert.deepEqual(rules([], once), ['told of what lives'])
    assert.deepEqual(rules([logout({ scope: 'token', key: 't2' })], once), ['told of what lives'])
  })

  test('or not, where it is not known whether it ended', () => {
    const unknown = logout({ outcome: 'unknown' })
    assert.deepEqual(rules([unknown], []), [])
    assert.deepEqual(rules([unknown], once), [])
    const overlaps = logout({ scope: 'subject', key: 'ann', ...at(1, 3) })
    assert.deepEqual(rules([overlaps], []), [])
    assert.deepEqual(rules([logout({ scope: 'token', key: 't1' })], []), [])
    assert.deepEqual(rules([logout({ wrongClock: true })], []), [])
  })
})
