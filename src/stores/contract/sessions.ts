import assert from 'node:assert/strict'
import { generationsFrom } from '../../domain/generation.ts'
import { EVERYONE, grantKey, type Scope } from '../../domain/scope.ts'
import type { Check } from './check.ts'
import {
  client,
  mintId,
  now,
  openWithToken,
  refreshToken,
  refuses,
  revocation,
  rotation,
  session,
  subject,
} from './samples.ts'

/** Every way to end the session of maria, with web, on her phone, but by its own name. */
export const counters: readonly (readonly [Scope, string])[] = [
  ['subject', 'maria'],
  ['client', 'web'],
  ['grant', grantKey('web', 'maria')],
  ['device', 'phone'],
  ['everyone', EVERYONE],
]

export const sessionChecks: readonly Check[] = [
  {
    name: 'openSession: stores what it returns',
    async run({ store }) {
      const attributes = { agent: 'Firefox', nested: { list: [1, null, true, 'é💥'] }, empty: {} }
      const { refreshToken: _, ...command } = session({ deviceKey: 'phone', attributes })
      const opened = await store.openSession({ ...command, refreshToken: undefined })
      const generations = generationsFrom(() => 0)
      assert.deepEqual(opened, { ...command, participantId: '', generations })
      assert.deepEqual(await store.findSession(command.sid), opened)
      const bare = await store.openSession(session())
      assert.equal(bare.deviceKey, undefined)
      assert.deepEqual(await store.findSession(bare.sid), bare)
      assert.equal(await store.findSession(mintId()), undefined)
    },
  },
  {
    name: 'openSession: reads the counters once and keeps them',
    async run({ store }) {
      for (const [index, [scope, key]] of counters.entries()) {
        for (let raised = 0; raised <= index; raised += 1) {
          await store.revoke(revocation({ scope, key }))
        }
      }
      const raised = { subject: 1, client: 2, grant: 3, device: 4, everyone: 5 }
      const generations = { ...raised, participant: 0 }
      const opened = await store.openSession(session({ deviceKey: 'phone' }))
      assert.deepEqual(opened.generations, generations)
      const bare = await store.openSession(session())
      assert.deepEqual(bare.generations, { ...generations, device: 0 })
      for (const [scope, key] of counters) await store.revoke(revocation({ scope, key }))
      assert.deepEqual((await store.findSession(opened.sid))?.generations, generations)
    },
  },
  {
    name: 'openSession: an id that is taken is a conflict, and the first session stays',
    async run({ store }) {
      const { sid, token } = await openWithToken(store)
      const intruder = session({ sid, subjectId: 'eve', refreshToken: refreshToken() })
      await refuses(store.openSession(intruder), 'conflict')
      assert.equal((await store.findSession(sid))?.subjectId, 'maria')
      const stolen = session({ refreshToken: refreshToken({ id: token.id }) })
      await refuses(store.openSession(stolen), 'conflict')
      assert.equal(await store.findSession(stolen.sid), undefined)
      assert.equal((await store.countSessions({})).count, 1)
      assert.equal((await store.rotate(rotation(token))).kind, 'rotated')
    },
  },
  {
    name: 'openSession: refuses a disabled subject or client and leaves nothing behind',
    async run({ store }) {
      await store.createSubject(subject({ id: 'maria' }))
      await store.createClient(client({ id: 'web' }))
      await store.openSession(session())
      const refused = async () => {
        const token = refreshToken()
        const command = session({ refreshToken: token })
        await refuses(store.openSession(command), 'account_disabled')
        assert.equal(await store.findSession(command.sid), undefined)
        assert.equal(await store.findRefreshToken(token.id, token.secretHash), undefined)
      }
      await store.updateSubject('maria', { status: 'disabled' })
      await refused()
      await store.updateSubject('maria', { status: 'active' })
      await store.openSession(session())
      await store.updateClient('web', { status: 'disabled' })
      await refused()
      await store.openSession(session({ clientId: 'not listed' }))
    },
  },
  {
    name: 'openSession: a session that has ended is not opened again',
    async run({ store }) {
      const command = session()
      await store.revoke(revocation({ key: command.sid }))
      await refuses(store.openSession(command), 'token_revoked')
      assert.equal(await store.findSession(command.sid), undefined)
      // A token and a subject of the same name are something else.
      const other = session()
      await store.revoke(revocation({ scope: 'token', key: other.sid }))
      await store.revoke(revocation({ scope: 'subject', key: other.sid }))
      await store.openSession(other)
    },
  },
  {
    name: 'findDeviceSession: the newest that is live',
    async run({ store }) {
      const open = (values = {}) => store.openSession(session({ deviceKey: 'phone', ...values }))
      const find = async () => (await store.findDeviceSession('phone', now))?.sid
      assert.equal(await find(), undefined)
      const first = await open()
      const last = await open({ createdAtMs: now, expiresAtMs: now })
      await open({ expiresAtMs: now - 1 })
      await open({ deviceKey: 'tv' })
      await store.openSession(session())
      assert.equal(await find(), last.sid)
      await store.revoke(revocation({ key: last.sid }))
      assert.equal(await find(), first.sid)
      for (const [scope, key] of counters) {
        await store.revoke(revocation({ scope, key }))
        assert.equal(await find(), undefined, scope)
        const { sid } = await open()
        assert.equal(await find(), sid, scope)
      }
    },
  },
  {
    name: 'findRefreshToken: by id and secret, in whatever state',
    async run({ store }) {
      const { sid, token } = await openWithToken(store, { expiresAtMs: now - 5 })
      const find = (hash: string) => store.findRefreshToken(token.id, hash)
      const found = await find(token.secretHash)
      assert.equal(found?.session.sid, sid)
      assert.equal(found?.expiresAtMs, token.expiresAtMs)
      assert.equal(await find('another hash'), undefined)
      assert.equal(await find(''), undefined)
      assert.equal(await store.findRefreshToken(mintId(), token.secretHash), undefined)
      await store.revoke(revocation({ key: sid }))
      assert.deepEqual(await find(token.secretHash), found)
    },
  },
]
