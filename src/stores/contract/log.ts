import assert from 'node:assert/strict'
import { generationsFrom } from '../../domain/generation.ts'
import { hash } from 'node:crypto'
import { MIN_REMEMBERED_MS } from '../../domain/access-horizon.ts'
import { chainStart, followChain } from '../../domain/chain.ts'
import { chainInput, type Revocation, ENTRY_VERSION } from '../../domain/revocation.ts'
import { EVERYONE, grantKey, type WideScope, participantKey } from '../../domain/scope.ts'
import type { LogStore } from '../../ports/store.ts'
import type { Check } from './check.ts'
import { mintId, now, refuses, revocation, session, times, wholeStream } from './samples.ts'

/** Fails unless the stream is numbered from 1 without gaps and every entry is chained to the last. */
export async function assertChain(store: LogStore, entries: number): Promise<void> {
  const stream = await wholeStream(store)
  const check = followChain(chainStart, stream, (text) => hash('sha256', text, 'base64url'))
  assert.equal(check.kind, 'intact', JSON.stringify(check))
  assert.equal(stream.length, entries)
  assert.equal((await store.head()).get(store.stream) ?? 0, entries)
}

/** Those that a session carries a generation of. */
const wide: readonly (readonly [Exclude<WideScope, 'signing_key'>, string])[] = [
  ['subject', 'maria'],
  ['client', 'web'],
  ['grant', grantKey('web', 'maria')],
  ['device', 'phone'],
  ['participant', participantKey('web', 'sid')],
  ['everyone', EVERYONE],
]

export const logChecks: readonly Check[] = [
  {
    name: 'revoke: the entry carries what the command said',
    async run({ store }) {
      const command = revocation({ note: 'lost at the station', reason: 'device_lost' })
      const { revocation: entry, added } = await store.revoke(command)
      const { hash: entryHash, ...rest } = entry
      assert.equal(added, true)
      assert.deepEqual(rest, {
        ...command,
        stream: store.stream,
        sequence: 1,
        version: ENTRY_VERSION,
        issuer: '',
        generation: 0,
        cutoffSeconds: 0,
        forgetAfterMs: now + MIN_REMEMBERED_MS,
        previousHash: '',
      })
      assert.equal(entryHash, hash('sha256', chainInput(rest) ?? '', 'base64url'))
      assert.deepEqual(await store.findRevocation(command.id), entry)
    },
  },
  {
    name: 'revoke: a token or session that has ended already is not ended again',
    async run({ store }) {
      for (const scope of ['token', 'session'] as const) {
        const first = await store.revoke(revocation({ scope, key: 'k' }))
        const again = await store.revoke(revocation({ scope, key: 'k', reason: 'compromised' }))
        assert.deepEqual(again, { revocation: first.revocation, added: false })
      }
      await assertChain(store, 2)
    },
  },
  {
    name: 'revoke: a command that is repeated is one revocation, in every scope',
    async run({ store }) {
      const commands = [
        revocation({ scope: 'token' }),
        revocation(),
        ...wide.map(([scope, key]) => revocation({ scope, key })),
        revocation({ scope: 'signing_key' }),
      ]
      for (const command of commands) {
        const first = await store.revoke(command)
        assert.deepEqual(await store.revoke(command), {
          revocation: first.revocation,
          added: false,
        })
      }
      await assertChain(store, commands.length)
    },
  },
  {
    name: 'revoke: a counter is raised to the least generation that is asked for, and never lowered',
    async run({ store }) {
      for (const [scope, key] of wide) {
        const raise = async (leastGeneration: number): Promise<number> =>
          (await store.revoke(revocation({ scope, key, leastGeneration }))).revocation.generation
        assert.equal(await raise(1000), 1000)
        assert.equal(await raise(7), 1001)
        const { revocation: next } = await store.revoke(revocation({ scope, key }))
        assert.equal(next.generation, 1002)
      }
      await assertChain(store, wide.length * 3)
    },
  },
  {
    name: 'revoke: the id of another revocation is a conflict',
    async run({ store }) {
      const { id } = (await store.revoke(revocation())).revocation
      await refuses(store.revoke(revocation({ id })), 'conflict')
      await assertChain(store, 1)
    },
  },
  {
    name: 'revoke: scopes share no keys',
    async run({ store }) {
      for (const scope of ['token', 'session', 'subject', 'client', 'device'] as const) {
        assert.equal((await store.revoke(revocation({ scope, key: 'same' }))).added, true, scope)
      }
      const none = { subjectId: 'other', clientId: 'other', deviceKey: undefined }
      assert.deepEqual(
        await store.generations(none),
        generationsFrom(() => 0),
      )
    },
  },
  {
    name: 'revoke: every wide scope raises its own counter and no other',
    async run({ store }) {
      const whose = { sid: 'sid', subjectId: 'maria', clientId: 'web', deviceKey: 'phone' }
      let expected = generationsFrom(() => 0)
      for (const [scope, key] of wide) {
        for (const generation of [1, 2]) {
          const outcome = await store.revoke(revocation({ scope, key }))
          assert.equal(outcome.revocation.generation, generation)
          expected = { ...expected, [scope]: generation }
          assert.deepEqual(await store.generations(whose), expected, scope)
        }
      }
      const unbound = await store.generations({ ...whose, deviceKey: undefined })
      assert.deepEqual(unbound, { ...expected, device: 0 })
    },
  },
  {
    name: 'revoke: a repeated wide logout does not end what was opened after the first',
    async run({ store }) {
      const end = (ifGeneration?: number) =>
        store.revoke(
          revocation({
            scope: 'subject',
            key: 'maria',
            ...(ifGeneration === undefined ? {} : { ifGeneration }),
          }),
        )
      const first = await end(0)
      assert.equal(first.added, true)
      await store.openSession(session())
      assert.deepEqual(await end(0), { revocation: first.revocation, added: false })
      assert.equal((await store.countSessions({ subjectId: 'maria', liveAtMs: now })).count, 1)
      assert.equal((await end(1)).revocation.generation, 2)
      assert.equal((await end(7)).revocation.generation, 3, 'a counter that is lower than seen')
      assert.equal((await end()).revocation.generation, 4)
      const late = await end(0)
      assert.equal(late.added, false)
      assert.equal(late.revocation.generation, 4, 'the entry that counts')
      await assertChain(store, 4)
    },
  },
  {
    name: 'revoke: 100 at once of one session add one entry',
    async run({ store }) {
      const outcomes = await Promise.all(times(100, () => store.revoke(revocation({ key: 's' }))))
      assert.equal(outcomes.filter(({ added }) => added).length, 1)
      assert.equal(new Set(outcomes.map(({ revocation: entry }) => entry.id)).size, 1)
      await assertChain(store, 1)
    },
  },
  {
    name: 'revoke: 100 wide ones at once that saw the same generation add one entry',
    async run({ store }) {
      const command = { scope: 'client', key: 'web', ifGeneration: 0 } as const
      const outcomes = await Promise.all(times(100, () => store.revoke(revocation(command))))
      assert.equal(outcomes.filter(({ added }) => added).length, 1)
      assert.ok(outcomes.every(({ revocation: entry }) => entry.generation === 1))
      await assertChain(store, 1)
    },
  },
  {
    name: 'revoke: commits in the order of the calls, without gaps, chained',
    async run({ store }) {
      const commands = times(500, (index) =>
        index % 5 === 0 ? revocation({ scope: 'client', key: 'web' }) : revocation(),
      )
      await Promise.all(commands.map((command) => store.revoke(command)))
      const ids = (await wholeStream(store)).map(({ id }) => id)
      assert.deepEqual(
        ids,
        commands.map(({ id }) => id),
      )
      await assertChain(store, commands.length)
    },
  },
  {
    name: 'revoke: a refused neighbour leaves no gap and spoils nothing',
    async run({ store }) {
      const { id } = (await store.revoke(revocation())).revocation
      const outcomes = await Promise.allSettled(
        times(60, (index) => store.revoke(revocation(index % 3 === 0 ? { id } : {}))),
      )
      assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 40)
      await assertChain(store, 41)
    },
  },
  {
    name: 'onCommitted: every entry once, in order, before its caller hears of it',
    async run({ store }) {
      const heard: Revocation[] = []
      store.onCommitted((entries) => {
        heard.push(...entries)
      })
      await Promise.all(
        times(300, async () => {
          const { revocation: entry } = await store.revoke(revocation())
          assert.ok(
            heard.some(({ id }) => id === entry.id),
            'resolved before it was told',
          )
        }),
      )
      assert.deepEqual(heard, await wholeStream(store))
    },
  },
  {
    name: 'onCommitted: tells only what is durable and new',
    async run({ store }) {
      const seen: boolean[] = []
      const asked: Promise<void>[] = []
      store.onCommitted((entries) => {
        for (const { id } of entries) {
          asked.push(store.findRevocation(id).then((entry) => void seen.push(entry !== undefined)))
        }
      })
      await store.revoke(revocation({ key: 'k' }))
      await store.revoke(revocation({ key: 'k' }))
      await store.openSession(session())
      await Promise.all(asked)
      assert.deepEqual(seen, [true])
    },
  },
  {
    name: 'onCommitted: several listeners hear the same, until they stop',
    async run({ store }) {
      const heard: string[] = []
      const stopA = store.onCommitted(() => void heard.push('a'))
      const stopB = store.onCommitted(() => void heard.push('b'))
      await store.revoke(revocation())
      stopA()
      stopA()
      await store.revoke(revocation())
      stopB()
      await store.revoke(revocation())
      assert.deepEqual(heard.toSorted(), ['a', 'b', 'b'])
    },
  },
  {
    name: 'findRevocation: nothing for an id that is not known',
    async run({ store }) {
      assert.equal(await store.findRevocation(mintId()), undefined)
    },
  },
  {
    name: 'head: nothing at first, then the number of entries',
    async run({ store }) {
      assert.equal((await store.head()).get(store.stream) ?? 0, 0)
      await Promise.all(times(7, () => store.revoke(revocation())))
      assert.equal((await store.head()).get(store.stream), 7)
    },
  },
]
