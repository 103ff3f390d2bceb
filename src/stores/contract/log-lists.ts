import assert from 'node:assert/strict'
import { MIN_REMEMBERED_MS } from '../../domain/access-horizon.ts'
import type { Reason, Revocation, RevocationCommand } from '../../domain/revocation.ts'
import { kindOf, scopes, type Scope } from '../../domain/scope.ts'
import type { LogFilter, PageRequest } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { allLive, allPages, now, refuses, revocation, times } from './samples.ts'

const hour = 3_600_000
const issuer = 'https://idp.example'

/** An entry about tokens of another issuer, which is in the log before ours. */
function ofAnother(scope: Scope): RevocationCommand {
  const cutoffSeconds = kindOf(scope, issuer) === 'cutoff' ? 1_800_000_000 : 0
  return revocation({ scope, key: 'one', issuer, cutoffSeconds })
}

export const logListChecks: readonly Check[] = [
  {
    name: 'readStream: entries after a number, in order, at most the limit',
    async run({ store }) {
      await Promise.all(times(25, () => store.revoke(revocation())))
      const numbers = async (after: number, limit: number) =>
        (await store.readStream(store.stream, after, limit)).map(({ sequence }) => sequence)
      assert.deepEqual(await numbers(0, 3), [1, 2, 3])
      assert.deepEqual(await numbers(20, 10_000), [21, 22, 23, 24, 25])
      assert.deepEqual(await numbers(25, 10), [])
      assert.deepEqual(await numbers(1_000_000, 10), [])
      assert.deepEqual(await store.readStream('of another node', 0, 10), [])
    },
  },
  {
    name: 'readStream: refuses a limit that is not 1 to 10,000',
    async run({ store }) {
      for (const limit of [0, -1, 1.5, 10_001, Number.NaN]) {
        await refuses(store.readStream(store.stream, 0, limit), 'invalid_parameter')
      }
    },
  },
  {
    name: 'listRevocations: newest first, by scope, key and reason',
    async run({ store }) {
      const reasons: readonly Reason[] = ['logout', 'compromised', 'device_lost']
      const commands = times(60, (index) =>
        revocation({
          scope: index % 2 === 0 ? 'subject' : 'device',
          key: `k${index % 5}`,
          reason: reasons[index % 3] ?? 'logout',
        }),
      )
      await Promise.all(commands.map((command) => store.revoke(command)))
      const filters: LogFilter[] = [
        {},
        { scope: 'device' },
        { key: 'k3' },
        { reason: 'compromised' },
        { scope: 'subject', key: 'k2', reason: 'device_lost' },
        { scope: 'everyone' },
      ]
      for (const filter of filters) {
        const expected = commands
          .filter(
            ({ scope, key, reason }) =>
              scope === (filter.scope ?? scope) &&
              key === (filter.key ?? key) &&
              reason === (filter.reason ?? reason),
          )
          .map(({ id }) => id)
          .toReversed()
        const listed = await allPages((page) => store.listRevocations(filter, page), 7)
        assert.deepEqual(
          listed.map(({ id }) => id),
          expected,
          JSON.stringify(filter),
        )
      }
    },
  },
  {
    name: 'listRevocations: what is added meanwhile neither repeats nor hides an entry',
    async run({ store }) {
      await Promise.all(times(20, () => store.revoke(revocation())))
      const list = async (page: PageRequest) => {
        await store.revoke(revocation())
        return store.listRevocations({}, page)
      }
      const listed = await allPages(list, 6)
      const numbers = listed.map(({ sequence }) => sequence)
      assert.deepEqual(
        numbers,
        times(21, (index) => 21 - index),
      )
    },
  },
  {
    name: 'listRevocations: refuses a bad limit or cursor',
    async run({ store }) {
      await Promise.all(times(3, () => store.revoke(revocation())))
      for (const limit of [0, 1001, 2.5]) {
        await refuses(store.listRevocations({}, { limit, cursor: undefined }), 'invalid_parameter')
      }
      for (const cursor of ['', 'x', 'W10', "' OR 1=1", '💥', 'a'.repeat(5000)]) {
        await refuses(store.listRevocations({}, { limit: 2, cursor }), 'invalid_parameter')
      }
      const sessions = await store.listRevocations({}, { limit: 2, cursor: undefined })
      assert.ok(sessions.next)
      const foreign = { limit: 2, cursor: sessions.next }
      await refuses(store.listSessions({}, now, foreign), 'invalid_parameter')
    },
  },
  {
    name: 'findEnding: an entry of every scope, under its own scope, key and issuer alone',
    async run({ store }) {
      for (const scope of scopes) {
        if (kindOf(scope, issuer) !== undefined) await store.revoke(ofAnother(scope))
      }
      const places = scopes.map((scope) => ({ scope, key: 'one', fromGeneration: 0 }))
      for (const [index, place] of places.entries()) {
        const rest = places.slice(index)
        assert.equal(await store.findEnding(rest), undefined)
        const { revocation: entry } = await store.revoke(
          revocation({ scope: place.scope, key: 'one' }),
        )
        assert.deepEqual(await store.findEnding([place]), entry)
        assert.deepEqual(await store.findEnding(rest.toReversed()), entry)
        assert.equal(await store.findEnding([{ ...place, key: 'on' }]), undefined)
      }
      assert.equal(await store.findEnding([]), undefined)
    },
  },
  {
    name: 'findEnding: of a counter the first raise that was not seen',
    async run({ store }) {
      const raise = { scope: 'subject', key: 'maria' } as const
      const raises: Revocation[] = []
      // Of the first two raises the later says that it was earlier: clocks decide nothing.
      for (const atMs of [now, now - hour, now + hour]) {
        raises.push((await store.revoke(revocation({ ...raise, atMs }))).revocation)
      }
      const leap = await store.revoke(revocation({ ...raise, leastGeneration: 10 }))
      const found = async (fromGeneration: number) =>
        store.findEnding([{ ...raise, fromGeneration }])
      assert.deepEqual(await Promise.all([1, 2, 3].map(found)), raises)
      assert.deepEqual(await Promise.all([4, 10].map(found)), [leap.revocation, leap.revocation])
      assert.equal(await found(11), undefined)
    },
  },
  {
    name: 'findEnding: where several ended the same, the first in the log',
    async run({ store }) {
      await store.revoke(revocation({ scope: 'device', key: 'tv' }))
      const endings: Revocation[] = []
      for (const [scope, key] of [
        ['client', 'web'],
        ['session', 'sid'],
        ['device', 'tv'],
        ['everyone', '*'],
        ['subject', 'maria'],
      ] as const) {
        const atMs = now - endings.length * hour
        endings.push((await store.revoke(revocation({ scope, key, atMs }))).revocation)
      }
      const places = endings.map(({ scope, key, generation }) => ({
        scope,
        key,
        fromGeneration: generation,
      }))
      for (const [index, entry] of endings.entries()) {
        const some = places.slice(index)
        assert.deepEqual(await store.findEnding(some), entry)
        assert.deepEqual(await store.findEnding(some.toReversed()), entry)
      }
    },
  },
  {
    name: 'liveRevocations: only what is not to be forgotten yet',
    async run({ store }) {
      const ends = [-2 * hour, -1, 0, 1, hour]
      for (const scope of ['token', 'session', 'subject', 'device'] as const) {
        for (const end of ends) {
          const atMs = now + end - MIN_REMEMBERED_MS
          await store.revoke(revocation({ scope, key: `${end}`, atMs }))
        }
      }
      const live = await allLive(store, now)
      const found = live.map(({ scope, key }) => `${scope} ${key}`).toSorted()
      const expected = ['device', 'session', 'subject', 'token'].flatMap((scope) =>
        [0, 1, hour].map((end) => `${scope} ${end}`),
      )
      assert.deepEqual(found, expected.toSorted())
    },
  },
  {
    name: 'liveRevocations: of a counter, the entry with the highest value',
    async run({ store }) {
      await store.revoke(revocation({ scope: 'subject', key: 'a', atMs: now + 8 * hour }))
      await store.revoke(revocation({ scope: 'subject', key: 'b' }))
      const last = (await store.revoke(revocation({ scope: 'subject', key: 'a' }))).revocation
      const live = await allLive(store, now)
      assert.equal(live.length, 2)
      assert.deepEqual(
        live.find(({ key }) => key === 'a'),
        last,
      )
      // The higher counter also ends what the lower one ended, so it is remembered as long.
      assert.equal(last.forgetAfterMs, now + 9 * hour)
      assert.deepEqual(await allLive(store, now + 9 * hour), [last])
      assert.deepEqual(await allLive(store, now + 9 * hour + 1), [])
    },
  },
  {
    name: 'liveRevocations: thousands, each once, while others are added',
    async run({ store }) {
      const commands = times(10_000, (index) =>
        index % 2 === 0 ? revocation() : revocation({ scope: 'subject', key: `s${index}` }),
      )
      for (let start = 0; start < commands.length; start += 1000) {
        const some = commands.slice(start, start + 1000)
        await Promise.all(some.map((command) => store.revoke(command)))
      }
      const found: string[] = []
      for await (const chunk of store.liveRevocations(now)) {
        assert.ok(chunk.length <= 10_000, 'a chunk that is not bounded')
        found.push(...chunk.map(({ id }) => id))
        await store.revoke(revocation())
      }
      assert.equal(new Set(found).size, found.length)
      const set = new Set(found)
      assert.ok(commands.every(({ id }) => set.has(id)))
    },
  },
]
