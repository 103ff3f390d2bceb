import assert from 'node:assert/strict'
import { EVERYONE, grantKey, participantKey, type Scope } from '../../domain/scope.ts'
import type { Session } from '../../domain/session.ts'
import type { JoinSessionCommand, RefreshTokenRecord, Store } from '../../ports/store.ts'
import type { Check } from './check.ts'
import {
  client,
  joining,
  mintId,
  now,
  refreshToken,
  refuses,
  revocation,
  rotation,
  session,
  subject,
} from './samples.ts'

interface WithToken {
  readonly session: Session
  readonly token: RefreshTokenRecord
}

/** Maria's login with web on her phone. */
async function opens(store: Store): Promise<WithToken> {
  const token = refreshToken()
  const command = session({ deviceKey: 'phone', refreshToken: token })
  return { session: await store.openSession(command), token }
}

/** Joins it with a client, and its refresh token. */
async function joins(
  store: Store,
  to: Session,
  command: Partial<JoinSessionCommand> = {},
): Promise<WithToken> {
  const token = refreshToken()
  const joined = await store.joinSession(joining(to, { refreshToken: token, ...command }))
  assert.ok(joined, 'it has not ended')
  return { session: joined, token }
}

async function rotates(store: Store, { token }: WithToken): Promise<string> {
  const successor = refreshToken()
  const { kind } = await store.rotate(rotation(token, { successor }))
  const found = await store.findRefreshToken(token.id, token.secretHash)
  const next = await store.findRefreshToken(successor.id, successor.secretHash)
  assert.deepEqual(next?.session, kind === 'rotated' ? found?.session : undefined)
  return kind
}

type Ending = readonly [Scope, (clientId: string, sid: string) => string]

/** Every scope that ends all participants of maria's session on her phone. */
const forAll: readonly Ending[] = [
  ['session', (_clientId, sid) => sid],
  ['subject', () => 'maria'],
  ['device', () => 'phone'],
  ['everyone', () => EVERYONE],
]

/** What ends the part of one client in it. */
const forOne: readonly Ending[] = [
  ['client', (clientId) => clientId],
  ['grant', (clientId) => grantKey(clientId, 'maria')],
  ['participant', (clientId, sid) => participantKey(clientId, sid)],
]

export const participantChecks: readonly Check[] = [
  {
    name: 'joinSession: stores what it returns, with the counters of the client that joins',
    async run({ store }) {
      await store.revoke(revocation({ scope: 'client', key: 'web' }))
      await store.revoke(revocation({ scope: 'subject', key: 'maria' }))
      const opened = await opens(store)
      const { sid, subjectId, deviceKey, expiresAtMs, accessLifetimeMs } = opened.session
      for (const raised of [1, 2, 3]) {
        await store.revoke(revocation({ scope: 'client', key: 'app' }))
        if (raised > 1) {
          await store.revoke(revocation({ scope: 'grant', key: grantKey('app', 'maria') }))
        }
      }
      await store.revoke(revocation({ scope: 'participant', key: participantKey('app', sid) }))
      const attributes = { agent: 'Firefox', list: [1, null, 'é💥'] }
      const command = joining(opened.session, { joinedAtMs: now + 5, attributes, dialect: 'tv' })
      const joined = await store.joinSession(command)
      assert.deepEqual(joined, {
        sid,
        subjectId,
        deviceKey,
        expiresAtMs,
        accessLifetimeMs,
        attributes,
        participantId: command.participantId,
        clientId: 'app',
        dialect: 'tv',
        createdAtMs: now + 5,
        generations: { participant: 1, subject: 1, client: 3, grant: 2, device: 0, everyone: 0 },
      })
      assert.deepEqual(await store.findSession(sid), opened.session, 'the first is as it was')
    },
  },
  {
    name: 'joinSession: not once the session has ended, and leaves nothing behind',
    async run({ store }) {
      const refused = async (to: JoinSessionCommand['session'], joinedAtMs = now) => {
        const token = refreshToken()
        const command = joining(to, { refreshToken: token, joinedAtMs })
        assert.equal(await store.joinSession(command), undefined)
        assert.equal(await store.findRefreshToken(token.id, token.secretHash), undefined)
        assert.equal((await store.countSessions({ clientId: 'app' })).count, 0)
      }
      await refused(session())
      const { session: opened } = await opens(store)
      await refused(opened, opened.expiresAtMs + 1)
      const others = [
        { subjectId: 'ben' },
        { deviceKey: undefined },
        { expiresAtMs: opened.expiresAtMs + 1 },
        { accessLifetimeMs: opened.accessLifetimeMs + 1 },
      ]
      for (const other of others) await refused({ ...opened, ...other })
      for (const [scope, keyOf] of forAll) {
        const { session: mine } = await opens(store)
        await store.revoke(revocation({ scope, key: keyOf('app', mine.sid) }))
        await refused(mine)
      }
      assert.ok(await store.joinSession(joining((await opens(store)).session)))
    },
  },
  {
    name: 'joinSession: up to the last moment, and up to the end of its last participant',
    async run({ store }) {
      const opened = await opens(store)
      const { sid, expiresAtMs } = opened.session
      await joins(store, opened.session, { joinedAtMs: expiresAtMs })
      await store.revoke(revocation({ scope: 'client', key: 'web' }))
      await joins(store, opened.session, { clientId: 'shop' })
      for (const clientId of ['app', 'shop']) {
        await store.revoke(revocation({ scope: 'participant', key: participantKey(clientId, sid) }))
      }
      assert.equal(await store.joinSession(joining(opened.session)), undefined)
    },
  },
  {
    name: 'joinSession: a client that is in it is not added again, unless it is there otherwise',
    async run({ store }) {
      const opened = await opens(store)
      const first = await joins(store, opened.session)
      const again = await joins(store, opened.session, { joinedAtMs: now + 7 })
      assert.deepEqual(again.session, first.session)
      const found = await store.findRefreshToken(again.token.id, again.token.secretHash)
      assert.deepEqual(found?.session, first.session)
      assert.equal(await rotates(store, first), 'rotated')
      assert.equal(await rotates(store, again), 'rotated')
      const web = await joins(store, opened.session, { clientId: 'web' })
      assert.deepEqual(web.session, opened.session)
      for (const values of [{ attributes: { scope: 'openid' } }, { dialect: 'tv' }]) {
        const other = await joins(store, opened.session, values)
        assert.notEqual(other.session.participantId, first.session.participantId)
      }
      const page = { limit: 10, cursor: undefined }
      const { items } = await store.listSessions({}, now, page)
      assert.deepEqual(
        items.map(({ participants }) => participants.length),
        [4],
      )
    },
  },
  {
    name: 'joinSession: an id that is taken is a conflict, and nothing changes',
    async run({ store }) {
      const opened = await opens(store)
      const first = await joins(store, opened.session)
      const { participantId } = first.session
      const intruder = { clientId: 'shop', refreshToken: refreshToken() }
      await refuses(
        store.joinSession(joining(opened.session, { ...intruder, participantId })),
        'conflict',
      )
      const stolen = { clientId: 'shop', refreshToken: refreshToken({ id: first.token.id }) }
      await refuses(store.joinSession(joining(opened.session, stolen)), 'conflict')
      assert.equal((await store.countSessions({ clientId: 'shop' })).count, 0)
      assert.equal(await rotates(store, first), 'rotated')
    },
  },
  {
    name: 'joinSession: refuses a disabled subject or client and leaves nothing behind',
    async run({ store }) {
      await store.createSubject(subject({ id: 'maria' }))
      await store.createClient(client({ id: 'app' }))
      const { session: opened } = await opens(store)
      const refused = async () => {
        const token = refreshToken()
        const command = joining(opened, { refreshToken: token })
        await refuses(store.joinSession(command), 'account_disabled')
        assert.equal(await store.findRefreshToken(token.id, token.secretHash), undefined)
        assert.equal((await store.countSessions({ clientId: 'app' })).count, 0)
      }
      await store.updateSubject('maria', { status: 'disabled' })
      await refused()
      await store.updateSubject('maria', { status: 'active' })
      await store.updateClient('app', { status: 'disabled' })
      await refused()
      await joins(store, opened, { clientId: 'not listed' })
    },
  },
  {
    name: 'rotate: what ends a session, its subject, device or everyone ends all of its clients',
    async run({ store }) {
      for (const [scope, keyOf] of forAll) {
        const opened = await opens(store)
        const all = [opened, await joins(store, opened.session)]
        await store.revoke(revocation({ scope, key: keyOf('app', opened.session.sid) }))
        for (const one of all) assert.equal(await rotates(store, one), 'revoked', scope)
      }
    },
  },
  {
    name: 'rotate: what ends one client of a session leaves the others in it',
    async run({ store }) {
      for (const [scope, keyOf] of forOne) {
        const opened = await opens(store)
        const [app, shop] = [
          await joins(store, opened.session),
          await joins(store, opened.session, { clientId: 'shop' }),
        ]
        const { sid } = opened.session
        await store.revoke(revocation({ scope, key: keyOf('app', sid) }))
        assert.equal(await rotates(store, app), 'revoked', scope)
        assert.equal(await rotates(store, shop), 'rotated', scope)
        await store.revoke(revocation({ scope, key: keyOf('web', sid) }))
        assert.equal(await rotates(store, opened), 'revoked', scope)
        const extend = ({ session: { participantId } }: WithToken) =>
          store.extendAccess({ sid, participantId, lifetimeMs: 3_600_000, expiresAtMs: now })
        assert.deepEqual(
          [await extend(opened), await extend(app), await extend(shop)],
          [false, false, true],
          scope,
        )
      }
    },
  },
  {
    name: 'rotate: who left a session comes in again as another, and what it had stays dead',
    async run({ store }) {
      for (const [scope, keyOf] of forOne) {
        const opened = await opens(store)
        const { sid } = opened.session
        await joins(store, opened.session, { clientId: 'shop' })
        for (const clientId of ['app', 'web']) {
          const before =
            clientId === 'web' ? opened : await joins(store, opened.session, { clientId })
          await store.revoke(revocation({ scope, key: keyOf(clientId, sid) }))
          const after = await joins(store, opened.session, { clientId })
          assert.notEqual(after.session.participantId, before.session.participantId)
          assert.equal(await rotates(store, before), 'revoked', `${scope} ${clientId}`)
          assert.equal(await rotates(store, after), 'rotated', `${scope} ${clientId}`)
        }
      }
    },
  },
  {
    name: 'revoke: is remembered for as long as the tokens of a client that joined late live',
    async run({ store }) {
      const { session: opened } = await opens(store)
      const joinedAtMs = now + 40 * 3_600_000
      await joins(store, opened, { joinedAtMs })
      const { revocation: entry } = await store.revoke(revocation({ key: opened.sid }))
      assert.ok(entry.forgetAfterMs >= joinedAtMs + opened.accessLifetimeMs)
    },
  },
  {
    name: 'durable: who is in a session is known after opening again, and swept with it',
    async run(subjectUnderTest) {
      const { store } = subjectUnderTest
      const opened = await opens(store)
      const joined = await joins(store, opened.session)
      const reopened = await subjectUnderTest.reopen()
      const { id, secretHash } = joined.token
      assert.deepEqual((await reopened.findRefreshToken(id, secretHash))?.session, joined.session)
      assert.deepEqual(await reopened.findSession(opened.session.sid), opened.session)
      assert.equal(await rotates(reopened, joined), 'rotated')
      assert.equal((await reopened.sweep(opened.session.expiresAtMs, 100)).sessions, 0)
      assert.equal((await reopened.sweep(opened.session.expiresAtMs + 1, 100)).sessions, 2)
      assert.equal(await reopened.findSession(opened.session.sid), undefined)
      assert.equal(await reopened.joinSession(joining(opened.session)), undefined)
    },
  },
  {
    name: 'race: a join and a logout in every scope: it is dead on arrival, or it came after',
    async run({ store }) {
      for (const [scope, keyOf] of [...forAll, ...forOne]) {
        for (const joinFirst of [true, false]) {
          const { session: opened } = await opens(store)
          const token = refreshToken()
          const join = () => store.joinSession(joining(opened, { refreshToken: token }))
          const key = keyOf('app', opened.sid)
          const end = () => store.revoke(revocation({ scope, key }))
          const [joined] = joinFirst
            ? await Promise.all([join(), end()])
            : await Promise.all([end(), join()]).then(([ended, late]) => [late, ended] as const)
          const { kind } = await store.rotate(rotation(token))
          const isForAll = forAll.some(([one]) => one === scope)
          const expected = joinFirst ? 'revoked' : isForAll ? 'unknown' : 'rotated'
          assert.equal(kind, expected, scope)
          assert.equal(joined === undefined, expected === 'unknown', scope)
        }
      }
    },
  },
  {
    name: 'race: no join that began before a logout of all is live after it',
    async run({ store }) {
      for (let round = 0; round < 10; round += 1) {
        const { session: opened } = await opens(store)
        const joined = Array.from({ length: 20 }, (_, index) =>
          store.joinSession(joining(opened, { clientId: `c${String(index)}` })),
        )
        await store.revoke(revocation({ scope: 'subject', key: 'maria' }))
        for (const one of await Promise.all(joined)) assert.equal(one?.generations.subject, round)
        assert.equal(await store.joinSession(joining(opened)), undefined)
        assert.equal((await store.countSessions({ subjectId: 'maria', liveAtMs: now })).count, 0)
      }
    },
  },
  {
    name: 'race: of many joins of one client at once all tokens are good, and end together',
    async run({ store }) {
      const { session: opened } = await opens(store)
      const all = await Promise.all(Array.from({ length: 20 }, () => joins(store, opened)))
      assert.equal((await store.countSessions({ clientId: 'app', liveAtMs: now })).count, 1)
      for (const one of all.slice(0, 10)) assert.equal(await rotates(store, one), 'rotated')
      const key = participantKey('app', opened.sid)
      await store.revoke(revocation({ id: mintId(), scope: 'participant', key }))
      for (const one of all) assert.equal(await rotates(store, one), 'revoked')
    },
  },
]
