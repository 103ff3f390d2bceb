import assert from 'node:assert/strict'
import type { Check } from './check.ts'
import {
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
      assert.equal(outcome.kind, 'opened')
      assert.ok(outcome.kind === 'opened')
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
      const opened = (await Promise.all(calls)).map(({ kind }) => kind === 'opened')
      assert.equal(opened.filter(Boolean).length, 1)
      const marked = await store.findTicket(place.kind, place.key)
      assert.equal(marked?.value, `${opened.indexOf(true)}`)
      assert.equal(await store.countSessions({}), 1)
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
      assert.deepEqual(await store.findTicket(place.kind, place.key), { ...unused, attempts: 0 })
      const { token } = await openWithToken(store)
      const taken = session({ refreshToken: token })
      await refuses(store.redeem({ ticket: mine, session: taken }), 'conflict')
      const outcome = await store.redeem({ ticket: mine, session: session() })
      assert.equal(outcome.kind, 'opened')
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
      assert.deepEqual([first.kind, second.kind], ['opened', 'opened'])
      assert.equal((await store.findTicket(place.kind, place.key))?.value, 'second')
      assert.equal(await store.countSessions({ liveAtMs: now }), 1)
    },
  },
]
