/** Invitations of operators, over real HTTP as a browser accepts them. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Reply } from '../harness.ts'
import { useApi } from './api.ts'
import { browserWith, cookieOf, PASSWORD, signInAs } from './operators.ts'

const api = useApi({ publicUrlIsOwn: true })

async function invite(): Promise<string> {
  const reply = await api.post('/operators/invitations', { role: 'operator' })
  assert.equal(reply.status, 201, reply.text)
  const { link } = reply.json() as { link: string }
  const [page, code = ''] = link.split('#')
  assert.equal(page, `${api.server.url}/console/set-up`)
  assert.match(code, /^[\w-]{43}$/)
  return code
}

function setUp(form: Readonly<Record<string, string>>): Promise<Reply> {
  return api.server.call('POST', '/console/set-up', { body: new URLSearchParams(form) })
}

suite('an invitation', () => {
  before(() => signInAs(api.server, 'ana', 'admin'))

  test('makes one operator, who is signed in then', async () => {
    const code = await invite()
    for (const [form, problem] of [
      [{ name: 'Not Good', password: PASSWORD }, /name will not do/],
      [{ name: 'admin-token', password: PASSWORD }, /name will not do/],
      [{ name: 'zoe', password: 'short' }, /password will not do/],
      [{ name: 'ana', password: PASSWORD }, /name is taken/],
    ] as const) {
      const refused = await setUp({ code, ...form })
      assert.match(refused.text, problem)
      assert.equal(refused.headers['set-cookie'], undefined)
    }
    const reply = await setUp({ code, name: 'zoe', password: PASSWORD })
    assert.equal(reply.status, 303, reply.text)
    const me = await browserWith(api.server, cookieOf(reply)).call('GET', '/outright/v1/me')
    assert.equal(me.json().role, 'operator')
    const again = await setUp({ code, name: 'zoe-2', password: PASSWORD })
    assert.match(again.text, /used or has expired/)
  })

  test('of 8 at once with one code one is let in', async () => {
    const code = await invite()
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        setUp({ code, name: `racer-${String(number)}`, password: PASSWORD }),
      ),
    )
    assert.equal(replies.filter(({ status }) => status === 303).length, 1)
    const { items } = (await api.get('/operators?limit=100')).json() as {
      items: { name: string }[]
    }
    assert.equal(items.filter(({ name }) => name.startsWith('racer-')).length, 1)
  })

  test('is good for a day, and the store does not know its code', async () => {
    const code = await invite()
    const kept = await api.server.store.listTickets('operator-set-up', '', 100)
    assert.ok(kept.length > 0)
    assert.ok(!JSON.stringify(kept).includes(code))
    api.server.advance(86_400_000 + 1000)
    assert.match((await setUp({ code, name: 'late', password: PASSWORD })).text, /expired/)
  })

  test('ends with the operator who made it: removed, removed and added again, or no admin any more', async () => {
    const { operators } = api.server.core
    const by = { actor: 'operator:admin', wait: true }
    const linkOf = async (name: string): Promise<string> => {
      const admin = await signInAs(api.server, name, 'admin')
      const reply = await admin.call('POST', '/outright/v1/operators/invitations', {
        body: { role: 'admin' },
      })
      assert.equal(reply.status, 201, reply.text)
      return (reply.json() as { link: string }).link.split('#')[1] ?? ''
    }
    const good = await linkOf('inviter')
    const gone = await linkOf('inviter')
    assert.equal((await setUp({ code: good, name: 'invited', password: PASSWORD })).status, 303)
    await operators.remove('inviter', by)
    const refused = await setUp({ code: gone, name: 'back', password: PASSWORD })
    assert.match(refused.text, /used or has expired/)
    await operators.add({ name: 'inviter', role: 'admin', password: PASSWORD })
    const another = await setUp({ code: gone, name: 'back', password: PASSWORD })
    assert.match(another.text, /used or has expired/)
    const lowered = await linkOf('inviter')
    await operators.change('inviter', { role: 'operator' }, by)
    const raised = await setUp({ code: lowered, name: 'back', password: PASSWORD })
    assert.match(raised.text, /used or has expired/)
    assert.equal(await operators.find('back'), undefined)
  })

  test('for the first operator is made only where there is none, and ends with the first', async () => {
    const { invitations, operators } = api.server.core
    assert.equal(await invitations.issueFirst(), undefined)
    const by = { actor: 'operator:admin', wait: true }
    const page = { limit: 100, cursor: undefined }
    for (const { name } of (await operators.list(page)).items) await operators.remove(name, by)
    const first = await invitations.issueFirst()
    const second = await invitations.issueFirst()
    const accepted = await setUp({ code: first?.code ?? '', name: 'first', password: PASSWORD })
    assert.equal(accepted.status, 303, accepted.text)
    assert.equal((await operators.find('first'))?.role, 'admin')
    const late = await setUp({ code: second?.code ?? '', name: 'second', password: PASSWORD })
    assert.match(late.text, /used or has expired/)
  })
})
