import assert from 'node:assert/strict'
import type { Check } from './check.ts'
import {
  client,
  joining,
  now,
  openWithToken,
  refuses,
  refreshToken,
  revocation,
  rotation,
  session,
  subject,
  ticket,
  times,
} from './samples.ts'

const place = { kind: 'otp', key: 'code' }
const unused = ticket({ ...place, value: 'unused' })

export const redeemChecks: readonly Check[] = [
  {
    name: 'redeem: opens the session and marks the ticket',
    async run({ store }) {
      await store.putTicket(unused)
      const token = refreshToken()
      const command = session({ refreshToken: token })
      const outcome = await store.redeem({ ticket: { ...place, value: 'by me' }, session: command })
      assert.equal(outcome.kind, 'redeemed')
      assert.ok(outcome.kind === 'redeemed')
      assert.deepEqual(await store.findSession(command.sid), outcome.session)
      assert.equal((await store.rotate(rotation(token))).kind, 'rotated')
      const marked = { ...unused, value: 'by me', attempts: 1 }
      assert.deepEqual(await store.findTicket(place.kind, place.key), marked)
    },
  },
  {
    name: 'redeem: a ticket that is used, or is not there, opens nothing',
    async run({ store }) {
      const first = session()
      const early = await store.redeem({ ticket: { ...place, value: 'a' }, session: first })
      assert.deepEqual(early, { kind: 'used' })
      await store.putTicket(unused)
      await store.redeem({ ticket: { ...place, value: 'b' }, session: session() })
      const late = await store.redeem({ ticket: { ...place, value: 'c' }, session: first })
      assert.deepEqual(late, { kind: 'used' })
      assert.equal(await store.findSession(first.sid), undefined)
      assert.equal((await store.findTicket(place.kind, place.key))?.value, 'b')
    },
  },
  {
    name: 'redeem: of 50 callers exactly one gets a session',
    async run({ store }) {
      await store.putTicket(unused)
      const calls = times(50, (index) =>
        store.redeem({ ticket: { ...place, value: `${index}` }, session: session() }),
      )
      const won = (await Promise.all(calls)).map(({ kind }) => kind === 'redeemed')
      assert.equal(won.filter(Boolean).length, 1)
      const marked = await store.findTicket(place.kind, place.key)
      assert.equal(marked?.value, `${won.indexOf(true)}`)
      assert.equal((await store.countSessions({})).count, 1)
    },
  },
  {
    name: 'redeem: lets a client join and marks the ticket',
    async run({ store }) {
      const opened = await store.openSession(session())
      await store.putTicket(unused)
      const token = refreshToken()
      const join = joining(opened, { refreshToken: token })
      const outcome = await store.redeem({ ticket: { ...place, value: 'by me' }, join })
      assert.ok(outcome.kind === 'redeemed')
      const { participantId, clientId } = outcome.session
      assert.deepEqual([participantId, clientId], [join.participantId, join.clientId])
      assert.equal((await store.rotate(rotation(token))).kind, 'rotated')
      const marked = { ...unused, value: 'by me', attempts: 1 }
      assert.deepEqual(await store.findTicket(place.kind, place.key), marked)
    },
  },
  {
    name: 'redeem: a client that is in the session already has further tokens for the ticket',
    async run({ store }) {
      const opened = await store.openSession(session())
      const first = await store.joinSession(joining(opened))
      await store.putTicket(unused)
      const token = refreshToken()
      const join = joining(opened, { refreshToken: token })
      const outcome = await store.redeem({ ticket: { ...place, value: '' }, join })
      assert.deepEqual(outcome, { kind: 'redeemed', session: first })
      assert.equal((await store.rotate(rotation(token))).kind, 'rotated')
      assert.equal((await store.findTicket(place.kind, place.key))?.attempts, 1)
    },
  },
  {
    name: 'redeem: of 50 callers exactly one joins, and the others leave nothing',
    async run({ store }) {
      const opened = await store.openSession(session())
      await store.putTicket(unused)
      const tokens = times(50, () => refreshToken())
      const calls = tokens.map((token, index) =>
        store.redeem({
          ticket: { ...place, value: String(index) },
          join: joining(opened, { clientId: `c${String(index)}`, refreshToken: token }),
        }),
      )
      const won = (await Promise.all(calls)).map(({ kind }) => kind === 'redeemed')
      assert.equal(won.filter(Boolean).length, 1)
      const status = await store.findSessionStatus(opened.sid, now)
      assert.equal(status?.participants.length, 2)
      for (const [index, { id, secretHash }] of tokens.entries()) {
        const isThere = (await store.findRefreshToken(id, secretHash)) !== undefined
        assert.equal(isThere, won[index])
      }
    },
  },
  {
    name: 'redeem: a session that has ended is not joined, and leaves the ticket unused',
    async run({ store }) {
      const opened = await store.openSession(session())
      await store.putTicket(unused)
      await store.revoke(revocation({ key: opened.sid }))
      const mine = { ...place, value: 'by me' }
      const late = await store.redeem({ ticket: mine, join: joining(opened) })
      assert.deepEqual(late, { kind: 'ended' })
      assert.deepEqual(await store.findTicket(place.kind, place.key), { ...unused, attempts: 0 })
      await store.redeem({ ticket: mine, session: session() })
      const again = await store.redeem({ ticket: mine, join: joining(opened) })
      assert.deepEqual(again, { kind: 'used' }, 'a used ticket is named as such')
    },
  },
  {
    name: 'redeem: one that is refused leaves the ticket unused',
    async run({ store }) {
      await store.putTicket(unused)
      await store.createSubject(subject({ id: 'mallory', status: 'disabled' }))
      const mine = { ...place, value: 'by me' }
      const command = session({ subjectId: 'mallory' })
      await refuses(store.redeem({ ticket: mine, session: command }), 'account_disabled')
      const opened = await store.openSession(session())
      await store.createClient(client({ id: 'mallet', status: 'disabled' }))
      const join = joining(opened, { clientId: 'mallet' })
      await refuses(store.redeem({ ticket: mine, join }), 'account_disabled')
      assert.deepEqual(await store.findTicket(place.kind, place.key), { ...unused, attempts: 0 })
      const { token } = await openWithToken(store)
      const taken = session({ refreshToken: token })
      await refuses(store.redeem({ ticket: mine, session: taken }), 'conflict')
      const outcome = await store.redeem({ ticket: mine, session: session() })
      assert.equal(outcome.kind, 'redeemed')
    },
  },
  {
    name: 'redeem: commands that were submitted before and after it keep their order',
    async run({ store }) {
      const command = session()
      const ticketOf = (value: string) => ({ ...place, value })
      const [, first, , , second] = await Promise.all([
        store.putTicket(unused),
        store.redeem({ ticket: ticketOf('first'), session: command }),
        store.revoke(revocation({ key: command.sid })),
        store.putTicket(unused),
        store.redeem({ ticket: ticketOf('second'), session: session() }),
      ])
      assert.deepEqual([first.kind, second.kind], ['redeemed', 'redeemed'])
      assert.equal((await store.findTicket(place.kind, place.key))?.value, 'second')
      assert.equal((await store.countSessions({ liveAtMs: now })).count, 1)
    },
  },
]
