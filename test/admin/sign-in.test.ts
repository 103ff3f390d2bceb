/** Operators sign in at `/console/sign-in`, over real HTTP as a browser sends it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { operatorVerbs } from '../../src/core/operators.ts'
import { operatorSubject } from '../../src/domain/operator.ts'
import { startTestServer, type CallOptions, type Reply } from '../harness.ts'
import { assertProblem, useApi } from './api.ts'
import { browserWith, cookieOf, PASSWORD, signInAs, submitSignIn } from './operators.ts'

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

suite('signing in', () => {
  test('name and password lead to the console, with a cookie for this origin alone', async () => {
    await signInAs(api.server, 'ana', 'admin')
    const reply = await submitSignIn(api.server, { name: 'ana', password: PASSWORD })
    assert.equal(reply.headers['location'], '/console/')
    const cookie = reply.headers['set-cookie'] ?? ''
    assert.match(cookie, /; HttpOnly/)
    assert.match(cookie, /; SameSite=Strict/)
    assert.match(cookie, /; Path=\//)
    assert.match(cookie, /; Max-Age=43200/)
    assert.doesNotMatch(cookie, /Domain/i)
  })

  test('a wrong password and an unknown name get the same page, and no cookie', async () => {
    const wrong = await submitSignIn(api.server, { name: 'ana', password: 'not the password' })
    const unknown = await submitSignIn(api.server, { name: 'nobody', password: PASSWORD })
    for (const reply of [wrong, unknown]) {
      assert.equal(reply.status, 400)
      assert.equal(reply.headers['set-cookie'], undefined)
      assert.ok(!reply.text.includes(PASSWORD))
    }
    assert.equal(wrong.text.replace('"ana"', '""'), unknown.text.replace('"nobody"', '""'))
  })

  test('it returns below /console/ and nowhere else', async () => {
    const to = async (returnTo: string) => {
      const form = { name: 'ana', password: PASSWORD, return: returnTo }
      return (await submitSignIn(api.server, form)).headers['location']
    }
    assert.equal(await to('/console/sessions?live=true#x'), '/console/sessions?live=true#x')
    for (const elsewhere of [
      '//evil.example/console/',
      '/\\evil.example/console/',
      'https://evil.example/console/',
      '/console/../outright/v1/backup',
      '/consoles',
      'javascript:alert(1)',
      '/console/sign-in?return=/console/sign-in',
      '/console/sign-in/start',
      '\thttps://evil.example/console/',
    ]) {
      assert.equal(await to(elsewhere), '/console/', elsewhere)
    }
  })

  test('the page speaks the language of the browser', async () => {
    for (const [language, word] of [
      ['pt-BR', 'Palavra-passe'],
      ['es', 'Contraseña'],
      ['ja', 'Password'],
    ] as const) {
      const headers = { 'accept-language': language }
      const { text } = await api.server.call('GET', '/console/sign-in', { headers })
      assert.ok(text.includes(word), language)
    }
  })

  test('a person’s token is no cookie of an operator, and an operator’s is no token of a person', async () => {
    const { token } = await api.login()
    const browser = browserWith(api.server, `outright-operator=${token}`)
    assertProblem(await browser.call('GET', '/outright/v1/me'), 401, 'credentials-invalid')
    const { cookie } = await signInAs(api.server, 'ana', 'admin')
    const [, value = ''] = cookie.split('=')
    assert.equal(await api.accepts(value), false)
    const bearer = { headers: { authorization: `Bearer ${value}` } }
    const reply = await api.server.call('GET', '/outright/v1/me', bearer)
    assertProblem(reply, 401, 'credentials-invalid')
  })
})

test('guesses are slowed down', async () => {
  const server = await startTestServer({ config: { rateLimitFactor: 0.2 } })
  try {
    const statuses: number[] = []
    for (let guess = 0; guess < 4; guess++) {
      statuses.push((await submitSignIn(server, { name: 'guessed', password: 'x' })).status)
    }
    assert.deepEqual(statuses, [400, 400, 429, 429])
  } finally {
    await server.close()
  }
})

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

suite('forgery', () => {
  const sid = '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77'
  const end = async (headers: CallOptions['headers']): Promise<Reply> => {
    const { cookie } = await signInAs(api.server, 'eva', 'operator')
    return api.server.call('DELETE', `/outright/v1/sessions/${sid}`, {
      headers: { cookie, ...(headers as Record<string, string>) },
    })
  }
  const own = { 'outright-request': 'console' }

  test('a change without our header, or from another origin, is refused', async () => {
    const port = Number(new URL(api.server.url).port)
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-origin' },
      { ...own },
      { ...own, 'outright-request': 'other', 'sec-fetch-site': 'same-origin' },
      { ...own, 'sec-fetch-site': 'cross-site' },
      // A sub-domain, or another port.
      { ...own, 'sec-fetch-site': 'same-site' },
      { ...own, 'sec-fetch-site': 'none' },
      { ...own, origin: `http://127.0.0.1:${String(port + 1)}` },
      { ...own, origin: `http://app.127.0.0.1:${String(port)}` },
      { ...own, origin: 'null' },
      { ...own, origin: api.server.url, 'sec-fetch-site': 'cross-site' },
    ]) {
      assertProblem(await end(headers), 403, 'forbidden')
    }
    // Those of our own pages come as far as the session that is not there.
    assertProblem(await end({ ...own, 'sec-fetch-site': 'same-origin' }), 404, 'not-found')
    assertProblem(await end({ ...own, origin: api.server.url }), 404, 'not-found')
  })

  test('a form of another origin signs nobody in or out', async () => {
    const { cookie } = await signInAs(api.server, 'eva', 'operator')
    const form = { name: 'eva', password: PASSWORD }
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://evil.example' },
    ]) {
      const entered = await submitSignIn(api.server, form, headers)
      assert.equal(entered.status, 403)
      assert.equal(entered.headers['set-cookie'], undefined)
      const left = await api.server.call('POST', '/console/sign-out', {
        headers: { cookie, ...headers },
      })
      assert.equal(left.status, 403)
    }
    const me = await browserWith(api.server, cookie).call('GET', '/outright/v1/me')
    assert.equal(me.status, 200)
  })

  test('pages run no code of their own and are shown in no frame', async () => {
    for (const path of ['/console/sign-in', '/console/set-up']) {
      const { headers, text } = await api.server.call('GET', path)
      const policy = headers['content-security-policy'] ?? ''
      assert.match(policy, /default-src 'none'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.match(policy, /script-src 'self'(;|$)/)
      assert.match(policy, /form-action 'self'(;|$)/)
      assert.doesNotMatch(policy, /unsafe/)
      assert.equal(headers['referrer-policy'], 'same-origin')
      assert.equal(headers['cache-control'], 'no-store')
      assert.doesNotMatch(text, /<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=/)
    }
  })
})

suite('an invitation', () => {
  test('makes one operator, who is signed in then', async () => {
    const code = await invite()
    for (const [form, problem] of [
      [{ name: 'Not Good', password: PASSWORD }, /name will not do/],
      [{ name: 'admin', password: PASSWORD }, /name will not do/],
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
