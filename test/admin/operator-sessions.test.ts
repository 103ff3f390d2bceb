/** How the session of an operator ends, and what it may do until then. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { operatorVerbs } from '../../src/core/operators.ts'
import { operatorSubject } from '../../src/domain/operator.ts'
import { assertProblem, useApi } from './api.ts'
import { cookieOf, PASSWORD, signInAs, submitSignIn } from './operators.ts'

const api = useApi({ publicUrlIsOwn: true })

suite('a session of an operator', () => {
  const browser = () => signInAs(api.server, 'rui', 'operator')
  const me = '/outright/v1/me'

  test('is in the list of sessions and ends like any other; what is open then does nothing', async () => {
    const open = await browser()
    const path = '/sessions?subject=operator:rui&live=true'
    const { items } = (await api.get(path)).json() as { items: { sid: string; client: string }[] }
    assert.equal(items[0]?.client, 'outright:console')
    const ended = await api.delete(`/sessions/${items[0]?.sid ?? ''}`)
    assert.equal(ended.status, 200)
    assert.equal(ended.headers['outright-confirmed'] !== undefined, true)
    for (const [method, at] of [
      ['GET', me],
      ['DELETE', '/outright/v1/sessions/x'],
      ['POST', '/outright/v1/revocations'],
    ] as const) {
      assertProblem(await open.call(method, at), 401, 'credentials-invalid')
    }
    assert.equal((await api.get(path)).json().items.length, 0)
  })

  test('ends by signing out, which answers when that is confirmed, also a second time', async () => {
    const open = await browser()
    for (let time = 0; time < 2; time++) {
      const reply = await open.call('POST', '/console/sign-out')
      assert.equal(reply.status, 204, reply.text)
      assert.match(reply.headers['outright-confirmed'] ?? '', /^1/)
      assert.match(reply.headers['set-cookie'] ?? '', /Max-Age=0/)
      assertProblem(await open.call('GET', me), 401, 'credentials-invalid')
    }
    const form = await api.server.call('POST', '/console/sign-out', {
      headers: { 'sec-fetch-site': 'same-origin' },
    })
    assert.equal(form.headers['location'], '/console/sign-in?signed-out')
  })

  test('ends where another one signs in with the same browser', async () => {
    const before = await browser()
    const form = { name: 'rui', password: PASSWORD }
    const reply = await submitSignIn(api.server, form, { cookie: before.cookie })
    assert.notEqual(cookieOf(reply), before.cookie)
    assertProblem(await before.call('GET', me), 401, 'credentials-invalid')
  })

  test('ends with a new password, and with the operator; the name is another person’s then', async () => {
    const first = await browser()
    assert.equal((await api.patch('/operators/rui', { password: `${PASSWORD} 2` })).status, 200)
    assertProblem(await first.call('GET', me), 401, 'credentials-invalid')
    assert.equal((await api.patch('/operators/rui', { password: PASSWORD })).status, 200)
    const second = await browser()
    assert.equal((await api.delete('/operators/rui')).status, 200)
    assertProblem(await second.call('GET', me), 401, 'credentials-invalid')
    assert.equal((await api.delete('/operators/rui')).status, 200)
    await browser()
    assertProblem(await second.call('GET', me), 401, 'credentials-invalid')
    assertProblem(await api.delete('/operators/nobody'), 404, 'not-found')
  })

  test('a new password removes the passkeys: a thief may have added one', async () => {
    await browser()
    const { passkeys } = api.server.core
    const holder = operatorSubject('rui')
    const made = { holder, name: '', publicKey: 'AA', counter: 0, transports: [] }
    await passkeys.add({ ...made, id: 'of-rui' })
    await passkeys.add({ ...made, id: 'of-a-thief' })
    assert.equal((await api.patch('/operators/rui', { role: 'admin' })).status, 200)
    assert.equal((await passkeys.list(holder)).length, 2)
    assert.equal((await api.patch('/operators/rui', { password: PASSWORD })).status, 200)
    assert.deepEqual(await passkeys.list(holder), [])
  })

  test('a thief’s passkey that is used while the password changes leaves nothing behind', async () => {
    await browser()
    const { core, dependencies } = api.server
    const holder = operatorSubject('rui')
    const made = { holder, name: '', publicKey: 'AA', counter: 0, transports: [] }
    await core.passkeys.add({ ...made, id: 'of-a-thief' })
    const provedBy = await core.passkeys.find('of-a-thief')
    assert.ok(provedBy)
    const signIn = async () => {
      const operator = (await core.operators.find('rui')) ?? assert.fail('rui was removed')
      return core.operatorSessions.open({ operator, provedBy, lifetimeMs: 60_000, attributes: {} })
    }
    let stolen: string | undefined
    const { store } = dependencies
    const meddling: typeof store = {
      ...store,
      async listPasskeys(of) {
        const held = await store.listPasskeys(of)
        if (stolen !== undefined) return held
        // The sessions have ended, the passkeys are still there.
        stolen = await signIn()
        assert.equal((await core.operatorSessions.find(stolen))?.name, 'rui')
        await core.passkeys.add({ ...made, id: 'added-with-it' })
        return held
      },
    }
    const by = { actor: 'system', wait: true }
    const verbs = operatorVerbs({ ...dependencies, store: meddling })
    await verbs.change('rui', { password: PASSWORD }, by)
    assert.equal(await core.operatorSessions.find(stolen ?? ''), undefined)
    assert.deepEqual(await core.passkeys.list(holder), [])
    // It had signed before it was removed.
    await assert.rejects(signIn(), { failure: { kind: 'credentials_invalid' } })
    const filter = { subjectId: holder, liveAtMs: Date.now() }
    assert.equal((await core.sessions.count(filter)).count, 0)
  })

  test('is over when its time is', async () => {
    const open = await browser()
    api.server.advance(12 * 3_600_000 + 1000)
    assertProblem(await open.call('GET', me), 401, 'credentials-invalid')
  })

  test('two who end the same session at once both read the truth', async () => {
    const [ana, other] = [await browser(), await signInAs(api.server, 'eva', 'operator')]
    const { sid, token } = await api.login()
    const ended = await Promise.all(
      [ana, other].map((one) => one.call('DELETE', `/outright/v1/sessions/${sid}`)),
    )
    const answers = ended.map((reply) => {
      assert.equal(reply.status, 200, reply.text)
      return reply.json() as {
        added: boolean
        revocation: { id: string; actor: string }
        receipt: { confirmed: boolean }
      }
    })
    assert.equal(answers.filter(({ added }) => added).length, 1)
    assert.deepEqual(answers[0]?.revocation, answers[1]?.revocation)
    assert.ok(answers.every(({ receipt }) => receipt.confirmed))
    assert.match(answers[0]?.revocation.actor ?? '', /^operator:(rui|eva)$/)
    assert.equal(await api.accepts(token), false)
  })

  test('holds a stream of events open, and its end closes it before another event goes out', async () => {
    const open = await browser()
    const response = await fetch(`${api.server.url}/outright/v1/events`, {
      headers: { cookie: open.cookie },
    })
    assert.equal(response.status, 200)
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    assert.match((await reader?.read())?.value ?? '', /following/)
    await open.call('POST', '/console/sign-out')
    const { sid } = await api.login()
    await api.delete(`/sessions/${sid}`)
    assert.equal((await reader?.read())?.done, true)
  })
})

test('a logout at the identity provider that comes late, or at once, takes back no newer one', async () => {
  const { core } = api.server
  const issuer = 'https://login.example'
  const identity = { issuer, claim: 'sub', value: 'ada-1' } as const
  const operator = await core.operators.add({ name: 'ada', role: 'viewer', identity })
  const end = (issuedAtSeconds: number) =>
    core.operatorSessions.endLogin({ issuer, sub: 'ada-1', sid: undefined, issuedAtSeconds })
  await end(900)
  // The last two at the same moment.
  await Promise.all([end(1000), end(500)])
  const opened = (session: string | undefined, issuedAtSeconds: number) =>
    core.operatorSessions.open({
      operator,
      lifetimeMs: 60_000,
      attributes: {},
      login: { issuer, subject: 'ada-1', session, issuedAtSeconds, email: undefined, groups: [] },
    })
  for (const session of [undefined, 's1']) {
    await assert.rejects(opened(session, 800))
    await opened(session, 1001)
  }
})
