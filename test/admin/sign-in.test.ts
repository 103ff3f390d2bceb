/** Operators sign in at `/console/sign-in`, over real HTTP as a browser sends it. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { startTestServer, type CallOptions, type Reply } from '../harness.ts'
import { assertProblem, useApi } from './api.ts'
import { browserWith, PASSWORD, signInAs, submitSignIn } from './operators.ts'

const api = useApi({ publicUrlIsOwn: true })

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

  test('a person’s token does not serve as an operator’s cookie, nor an operator’s as a person’s token', async () => {
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

  test('a form of another origin signs no operator in or out', async () => {
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
