import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Following } from '../guard/following.ts'
import { isAlive, isStillAlive, type KnownFacts } from './alive.ts'
import { placesOf } from './changes.ts'
import { Replica } from './replica.ts'
import { CUTOFF, factHighs, factsOf, NARROW, type TokenFacts } from './token-facts.ts'
import { entryKinds } from '../protocol/feed.ts'

/**
 * Few names, some of which share the place at which changes are noted; half of them with an upper
 * half that is negative, and comes from the wire as a number above it.
 */
const fingerprint = fc
  .record({ place: fc.nat(3), page: fc.nat(2), low: fc.nat(1), sign: fc.constantFrom(0, 1 << 31) })
  .map(({ place, page, low, sign }) => ({
    high: (1 + place + page * 16_384) | sign,
    low: low | sign,
  }))

const narrow = fc.record({ of: fingerprint, generation: fc.constant(NARROW) })
const counter = fc.record({ of: fingerprint, generation: fc.nat(3) })
const foreign = fc.record({ of: fingerprint, generation: fc.constant(CUTOFF) })
const facts: fc.Arbitrary<TokenFacts> = fc
  .tuple(
    fc.oneof(fc.nat(3), fc.constant(CUTOFF)),
    fc.array(fc.oneof(narrow, counter, foreign), { maxLength: 11 }),
    fc.nat(4),
  )
  .map(([everyone, named, sinceSeconds]) =>
    factsOf(
      everyone,
      named.map(({ of, generation }) => ({ ...of, generation })),
      sinceSeconds,
    ),
  )

const step = fc.oneof(
  fc.record({ kind: fc.constant('revoke' as const), of: fingerprint }),
  fc.record({ kind: fc.constant('raise' as const), of: fingerprint, to: fc.nat(4) }),
  fc.record({
    kind: fc.constant('cut' as const),
    of: fingerprint,
    to: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ kind: fc.constant('everyone' as const), to: fc.nat(4) }),
  fc.record({ kind: fc.constant('snapshot' as const), of: fingerprint }),
  fc.record({ kind: fc.constant('judge' as const), index: fc.nat(2) }),
)

const never = 0xffff_ffff

/** As a verifier remembers a token that was not judged yet. */
function known(facts: TokenFacts): KnownFacts {
  return { ...facts, aliveAtVersion: -1, ...placesOf(factHighs(facts)) }
}

suite('isStillAlive()', () => {
  test('says what isAlive() says, whatever has happened since and however long it was not asked', () => {
    fc.assert(
      fc.property(
        fc.array(facts, { minLength: 3, maxLength: 3 }),
        fc.array(step, { maxLength: 60 }),
        (named, steps) => {
          const view = new Following()
          const tokens = named.map(known)
          let mark = 0
          const apply = (words: readonly number[]): void => {
            view.apply(Uint32Array.from(words), 1, ++mark, new Map())
          }
          for (const now of steps) {
            if (now.kind === 'revoke')
              apply([now.of.high, now.of.low, never, 0, entryKinds.revoked])
            if (now.kind === 'raise')
              apply([now.of.high, now.of.low, never, now.to, entryKinds.raised])
            if (now.kind === 'cut')
              apply([now.of.high, now.of.low, never, now.to, entryKinds.cutoff])
            if (now.kind === 'everyone') apply([0, 0, never, now.to, entryKinds.raised])
            if (now.kind === 'snapshot') {
              // Another node's, which knows less and more.
              const replica = new Replica()
              replica.revoke(now.of.high, now.of.low, never)
              view.replace(replica, new Uint8Array(16), ++mark, new Map())
            }
            if (now.kind !== 'judge') continue
            const token = tokens[now.index]!
            const expected = isAlive(view, token)
            assert.equal(isStillAlive(view, token), expected)
            // A verifier that finds a token dead asks again from where it was last alive.
            if (expected) token.aliveAtVersion = view.version
          }
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('looks up what a change may have concerned, and nothing else', () => {
    const replica = new Replica()
    const lookups: number[] = []
    const lookUp = (high: number): number => {
      lookups.push(high)
      return 0
    }
    const view = {
      get version() {
        return replica.version
      },
      get everyone() {
        return replica.everyone
      },
      isRevoked: (high: number) => lookUp(high) > 0,
      generation: lookUp,
      cutoff: lookUp,
      mayHaveChanged: replica.mayHaveChanged.bind(replica),
      mayConcern: replica.mayConcern.bind(replica),
    }
    const names = [1, 2, 3, 4, 5, 6, 7, 8]
    const token = known(
      factsOf(
        1,
        names.map((high) => ({ high, low: 1, generation: high > 2 ? 0 : NARROW })),
      ),
    )
    const lookedUp = (): readonly number[] => {
      assert.equal(isStillAlive(view, token), true)
      token.aliveAtVersion = replica.version
      return lookups.splice(0)
    }
    assert.deepEqual(lookedUp(), names)
    for (let high = 100; high < 5000; high++) replica.revoke(high, 1, never)
    assert.deepEqual(lookedUp(), [])
    for (const high of names) {
      replica.revoke(high + 16_384, 1, never)
      assert.deepEqual(lookedUp(), [high])
    }
    replica.raiseEveryone(1)
    assert.deepEqual(lookedUp(), names)
    assert.deepEqual(lookedUp(), [])
  })

  test('looks at each name of a token that names more than is remembered of it', () => {
    for (let count = 1; count < 20; count++) {
      for (let dead = 1; dead <= count; dead++) {
        const replica = new Replica()
        const named = Array.from({ length: count }, (_, at) => at + 1)
        const token = known(
          factsOf(
            0,
            named.map((high) => ({ high, low: 1, generation: NARROW })),
          ),
        )
        assert.equal(isStillAlive(replica, token), true)
        token.aliveAtVersion = replica.version
        replica.revoke(dead, 1, never)
        assert.equal(isStillAlive(replica, token), false, `${dead} of ${count}`)
      }
    }
  })
})
