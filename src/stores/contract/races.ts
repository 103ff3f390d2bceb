import assert from 'node:assert/strict'
import { EVERYONE } from '../../domain/scope.ts'
import type { Check } from './check.ts'
import { assertChain } from './log.ts'
import { now, openWithToken, revocation, rotation, session, ticket, times } from './samples.ts'
import { counters } from './sessions.ts'

export const raceChecks: readonly Check[] = [
  {
    name: 'race: a login and a logout of all: it is dead on arrival, or it came after',
    async run({ store }) {
      for (const [scope, key] of counters) {
        for (const loginFirst of [true, false]) {
          const open = () => openWithToken(store, { deviceKey: 'phone' })
          const end = () => store.revoke(revocation({ scope, key }))
          const [opened] = loginFirst
            ? await Promise.all([open(), end()])
            : await Promise.all([end(), open()]).then(([ended, login]) => [login, ended] as const)
          const outcome = await store.rotate(rotation(opened.token))
          assert.equal(outcome.kind, loginFirst ? 'revoked' : 'rotated', scope)
        }
      }
    },
  },
  {
    name: 'race: no login that began before a logout of all is live after it',
    async run({ store }) {
      for (let round = 0; round < 10; round += 1) {
        const logins = times(20, () => store.openSession(session()))
        await store.revoke(revocation({ scope: 'subject', key: 'maria' }))
        for (const opened of await Promise.all(logins)) {
          assert.equal(opened.generations.subject, round)
          assert.deepEqual(await store.findSession(opened.sid), opened)
        }
        assert.equal((await store.countSessions({ subjectId: 'maria', liveAtMs: now })).count, 0)
      }
    },
  },
  {
    name: 'race: after a revocation has resolved, no refresh in flight wins',
    async run({ store }) {
      for (let round = 0; round < 20; round += 1) {
        const { sid, token } = await openWithToken(store)
        const first = rotation(token, { graceMs: 1000 })
        const early = store.rotate(first)
        const ending = store.revoke(revocation({ key: sid }))
        const late = times(5, () => store.rotate(rotation(token, { graceMs: 1000 })))
        assert.equal((await early).kind, 'rotated')
        await ending
        assert.ok(first.successor)
        const successor = await store.rotate(rotation(first.successor))
        assert.equal(successor.kind, 'revoked')
        assert.ok((await Promise.all(late)).every(({ kind }) => kind === 'revoked'))
      }
    },
  },
  {
    name: 'race: what a resolved change wrote is seen by every later question',
    async run({ store }) {
      await Promise.all(
        times(40, async (index) => {
          const subjectId = `s${index}`
          const { sid, token } = await openWithToken(store, { subjectId, deviceKey: subjectId })
          assert.ok(await store.findSession(sid))
          assert.ok(await store.findRefreshToken(token.id, token.secretHash))
          assert.equal((await store.findDeviceSession(subjectId, now))?.sid, sid)
          assert.equal((await store.countSessions({ subjectId, liveAtMs: now })).count, 1)
          const { revocation: entry } = await store.revoke(revocation({ key: sid }))
          assert.deepEqual(await store.findRevocation(entry.id), entry)
          assert.equal(await store.findDeviceSession(subjectId, now), undefined)
          assert.equal((await store.countSessions({ subjectId, liveAtMs: now })).count, 0)
          const [read] = await store.readStream(store.stream, entry.sequence - 1, 1)
          assert.deepEqual(read, entry)
          assert.ok(((await store.head()).get(store.stream) ?? 0) >= entry.sequence)
        }),
      )
    },
  },
  {
    name: 'race: a storm of everything leaves a log without gaps',
    async run({ store }) {
      let added = 0
      const heard: number[] = []
      store.onCommitted((entries) => {
        heard.push(...entries.map(({ sequence }) => sequence))
      })
      const revoke = async (command: Parameters<typeof revocation>[0]) => {
        const outcome = await store.revoke(revocation(command))
        if (outcome.added) added += 1
      }
      await Promise.all(
        times(64, async (caller) => {
          for (let turn = 0; turn < 10; turn += 1) {
            const { sid, token } = await openWithToken(store, { subjectId: `s${caller % 7}` })
            const calls: Promise<unknown>[] = [
              store.rotate(rotation(token)),
              revoke({ key: sid }),
              revoke({ key: sid }),
              revoke({ scope: 'subject', key: `s${turn % 7}`, ifGeneration: turn }),
              store.putTicket(ticket({ key: `${caller}` })),
              store.takeTicket('otp', `${caller}`),
            ]
            if (caller === 0) calls.push(revoke({ scope: 'everyone', key: EVERYONE }))
            await Promise.all(calls)
          }
        }),
      )
      await assertChain(store, added)
      assert.deepEqual(
        heard,
        times(added, (index) => index + 1),
      )
    },
  },
]
