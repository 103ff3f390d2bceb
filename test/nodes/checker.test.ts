/** The checker finds what it is there to find, and nothing in a history that is good. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { check } from './checker.ts'
import type { Entry, LoginCall, LogoutCall, RefreshCall, TokenFacts, UseCall } from './history.ts'

const BOUND_MS = 100

const token: TokenFacts = {
  jti: 't1',
  sid: 's1',
  subject: 'ann',
  client: '42',
  kid: 'k1',
  timely: true,
}
const renewed: TokenFacts = { ...token, jti: 't2' }

function at(startMs: number, endMs = startMs + 1) {
  return { at: 'node-1', said: '200', outcome: 'done', startMs, endMs } as const
}

const login: LoginCall = { op: 'login', token, ...at(0, 2) }

function logout(given: Partial<LogoutCall> = {}): LogoutCall {
  const confirmed = '8/9;lapsed=1;ms=3'
  const call = { op: 'logout', scope: 'session', key: 's1', waited: true, confirmed } as const
  return { ...call, ...at(10, 12), ...given }
}

function use(given: Partial<UseCall> = {}): UseCall {
  return { op: 'use', token, ...at(20), ...given }
}

function refresh(given: Partial<RefreshCall> = {}): RefreshCall {
  return { op: 'refresh', of: token, token: renewed, ...at(20), ...given }
}

function rules(...entries: readonly Entry[]): readonly string[] {
  return check([login, ...entries], BOUND_MS).map(({ rule }) => rule)
}

const wide = [
  { scope: 'subject', key: 'ann' },
  { scope: 'client', key: '42' },
  { scope: 'everyone', key: '' },
] as const

suite('the checker', () => {
  test('finds a use that began after the answer of the logout', () => {
    assert.deepEqual(rules(logout(), use()), ['accepted after logout'])
    assert.deepEqual(rules(logout({ scope: 'token', key: 't1' }), use()), ['accepted after logout'])
    for (const which of wide)
      assert.deepEqual(rules(logout(which), use()), ['accepted after logout'])
  })

  test('finds it for the token of a refresh that overlapped the logout', () => {
    const entries = [logout(), refresh(at(11, 14)), use({ token: renewed })]
    assert.deepEqual(rules(...entries), ['accepted after logout'])
  })

  test('lets a use be accepted that began before the answer, or whose logout is not known', () => {
    assert.deepEqual(rules(logout(), use(at(11, 30))), [])
    assert.deepEqual(rules(logout({ outcome: 'unknown' }), use()), [])
    assert.deepEqual(rules(logout({ waited: false }), use()), [])
  })

  test('takes the removal of a key for the end of all its tokens, and of no session', () => {
    const removal = logout({ scope: 'signing_key', key: 'k1' })
    assert.deepEqual(rules(removal, use()), ['accepted after logout'])
    const later: LoginCall = { ...login, token: { ...token, sid: 's2', jti: 't3' }, ...at(15) }
    const signed = { ...token, sid: 's2', jti: 't3' }
    assert.deepEqual(rules(removal, later, use({ token: signed })), ['accepted after logout'])
    assert.deepEqual(rules(removal, use({ outcome: 'dead' }), refresh(at(30))), [])
    const other = { ...renewed, kid: 'k2' }
    assert.deepEqual(
      rules(removal, refresh({ token: other }), use({ token: other, ...at(40) })),
      [],
    )
    assert.deepEqual(rules(removal, use({ token: other, outcome: 'dead' })), ['collateral'])
  })

  test('lets a login that overlapped a wide logout live or die', () => {
    for (const which of wide) {
      const early = logout({ ...which, startMs: 1, endMs: 12 })
      assert.deepEqual(rules(early, use()), [])
      assert.deepEqual(rules(early, use({ outcome: 'dead' })), [])
    }
  })

  test('finds a session that a wide logout ended although it began afterwards', () => {
    const later: LoginCall = { ...login, ...at(15) }
    for (const which of wide) {
      const entries = [logout(which), later, use({ outcome: 'dead' })]
      assert.deepEqual(
        check(entries, BOUND_MS).map(({ rule }) => rule),
        ['collateral'],
      )
    }
  })

  test('finds an answered logout that is not in force at the end, waited for or not', () => {
    const final = use({ final: true })
    assert.deepEqual(rules(logout(), final), ['answered logout lost'])
    assert.deepEqual(rules(logout({ waited: false }), final), ['answered logout lost'])
    assert.deepEqual(rules(logout({ outcome: 'unknown' }), final), [])
  })

  test('finds a refresh that succeeded after the session was ended', () => {
    assert.deepEqual(rules(logout(), refresh()), ['resurrected'])
    assert.deepEqual(rules(logout({ waited: false }), refresh()), ['resurrected'])
    assert.deepEqual(rules(logout(), refresh(at(11))), [])
    assert.deepEqual(rules(logout({ scope: 'token', key: 't1' }), refresh()), [])
  })

  test('finds a session that was ended and is not at the end, whatever was answered', () => {
    const unknown = logout({ outcome: 'unknown' })
    const overlapping = logout({ scope: 'subject', key: 'ann', ...at(1, 12) })
    for (const uncertain of [unknown, logout({ waited: false, outcome: 'unknown' }), overlapping]) {
      const seen = use({ ...at(20), outcome: 'dead' })
      assert.deepEqual(rules(uncertain, seen, use({ ...at(30), final: true })), ['resurrected'])
      assert.deepEqual(rules(uncertain, seen, refresh(at(30))), ['resurrected'])
      // Another verifier may hear of it later, and a refresh may have been before it.
      assert.deepEqual(rules(uncertain, seen, use(at(30))), [])
      assert.deepEqual(rules(uncertain, seen, refresh(at(15))), [])
    }
    const alone = logout({ scope: 'token', key: 't1', outcome: 'unknown' })
    assert.deepEqual(rules(alone, use({ outcome: 'dead' }), refresh(at(30))), [])
  })

  test('finds verifiers that are not of one mind at the end', () => {
    const accepted = use({ ...at(30), final: true })
    const refused = use({ ...at(30, 40), outcome: 'dead', final: true, at: 'guard-2' })
    const unknown = logout({ outcome: 'unknown' })
    assert.deepEqual(rules(unknown, accepted, refused), ['not of one mind'])
    assert.deepEqual(rules(unknown, accepted, accepted), [])
    assert.deepEqual(rules(unknown, refused, refused), [])
  })

  test('finds an answered logout whose receipt is missing or leaves a verifier out', () => {
    const { confirmed: _, ...silent } = logout()
    assert.deepEqual(rules(silent), ['no receipt'])
    assert.deepEqual(rules(logout({ confirmed: '7/9;lapsed=1;ms=3' })), ['no receipt'])
    assert.deepEqual(rules(logout({ confirmed: 'yes' })), ['no receipt'])
    assert.deepEqual(rules(logout({ confirmed: '0/9;lapsed=0;ms=0', waited: false })), [])
    assert.deepEqual(rules({ ...silent, outcome: 'dead' }), [])
    assert.deepEqual(rules({ ...silent, outcome: 'unknown' }), [])
  })

  test('finds tokens and refreshes that died although no call ended them', () => {
    assert.deepEqual(rules(use({ outcome: 'dead' })), ['collateral'])
    assert.deepEqual(rules(refresh({ outcome: 'dead' })), ['collateral'])
    assert.deepEqual(rules(use({ outcome: 'dead' }), logout({ ...at(30) })), ['collateral'])
    assert.deepEqual(rules(logout({ key: 's2' }), use({ outcome: 'dead' })), ['collateral'])
    assert.deepEqual(rules(logout({ outcome: 'dead' }), use({ outcome: 'dead' })), ['collateral'])
    assert.deepEqual(rules({ ...login, ...at(3), outcome: 'dead' }), ['collateral'])
  })

  test('lets tokens die of a logout that may have been stored', () => {
    assert.deepEqual(rules(logout({ outcome: 'unknown' }), use({ outcome: 'dead' })), [])
    assert.deepEqual(rules(logout({ outcome: 'unknown' }), refresh({ outcome: 'dead' })), [])
  })

  test('takes a logout that was told "dead already" for a promise about the token presented', () => {
    const first = logout({ ...at(5, 9), outcome: 'unknown' })
    const again = logout({ outcome: 'dead', presented: token })
    assert.deepEqual(rules(first, again, use()), ['accepted after logout'])
    assert.deepEqual(rules(first, again, use(at(11, 30))), [])
    // No receiver was told anything about another token, nor by a clock that is wrong.
    assert.deepEqual(rules(first, logout({ outcome: 'dead' }), use()), [])
    assert.deepEqual(rules(first, { ...again, presented: renewed }, use()), [])
    assert.deepEqual(rules(first, { ...again, wrongClock: true }, use()), [])
    // Nor of the session: what ended the token may have been the removal of its key.
    assert.deepEqual(rules(first, again, refresh()), [])
  })

  test('excuses refusals by clocks that are wrong, or of what such a clock issued', () => {
    const untimely = { ...token, timely: false }
    const dead = { outcome: 'dead' } as const
    assert.deepEqual(rules(use({ ...dead, wrongClock: true })), [])
    assert.deepEqual(rules(use({ ...dead, token: untimely })), [])
    assert.deepEqual(rules(refresh({ ...dead, wrongClock: true })), [])
    assert.deepEqual(rules(refresh({ ...dead, of: untimely })), [])
    assert.deepEqual(rules({ ...login, ...at(3), ...dead, wrongClock: true }), [])
    const accepted = use({ ...at(30), final: true })
    assert.deepEqual(rules(use({ ...dead, wrongClock: true }), accepted), [])
  })

  test('excuses no acceptance by a clock that is wrong', () => {
    assert.deepEqual(rules(logout(), use({ wrongClock: true })), ['accepted after logout'])
    const untimely = use({ token: { ...token, timely: false } })
    assert.deepEqual(rules(logout(), untimely), ['accepted after logout'])
  })

  test('finds calls that took too long, and verifiers that are not sure again at the end', () => {
    assert.deepEqual(rules(use(at(20, 121))), ['not bounded'])
    assert.deepEqual(rules(use({ outcome: 'unknown' })), [])
    assert.deepEqual(rules(use({ outcome: 'unknown', final: true })), ['not mended'])
    assert.deepEqual(rules({ ...login, ...at(30), outcome: 'unknown', final: true }), [
      'not mended',
    ])
  })

  test('names the logout that was not respected', () => {
    const [violation] = check([login, logout(), use()], BOUND_MS)
    assert.deepEqual(violation?.logout, logout())
    assert.deepEqual(violation?.entry, use())
  })
})
