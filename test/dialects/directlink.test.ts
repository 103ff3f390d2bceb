/** DirectLink against its documentation: one test per statement, named after it. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type Reply, type TestServer } from '../harness.ts'
import { rawRequest } from './raw-request.ts'

/** The form of Go's `Time.String()` with a monotonic reading. */
const goTime = String.raw`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{1,9})? [+-]\d{4} (?:[A-Z]{3,5}|[+-]\d{2}(?:\d{2})?) m=[+-]\d+\.\d{9}`
const base = '/directlink/v1'
const maria = basic('maria', 'maria-demo')

let server: TestServer
before(async () => {
  server = await startTestServer()
})
after(() => server.close())

suite('DirectLink, logout with a bearer (the seed)', () => {
  test('seed: POST /directlink/v1/auth/logout with Authorization Bearer answers 200', async () => {
    const reply = await logout(await login())
    assert.equal(reply.status, 200)
  })

  test('seed: the 200 body is status 0, the misspelt description, empty user and bearer', async () => {
    const reply = await logout(await login())
    assertBody(
      reply,
      '{"status":0,"description":"handlerAuthLogout:succsessfully","apiver":"v1 (3.6.0)","user":"","bearer":"","time":"TIME"}',
    )
  })

  test('seed: Content_type, with an underscore, application/json is accepted', async () => {
    const headers = { authorization: await login(), content_type: 'application/json' }
    assert.equal((await server.call('POST', `${base}/auth/logout`, { headers })).status, 200)
  })

  test('seed: 400 is for request parameters that are not valid', async () => {
    const reply = await logout('Basic %%%')
    assertError(reply, 400, 'Bad Request')
  })

  test('seed: 401 is for a user who does not exist', async () => {
    assertError(await logout(basic('nobody', 'maria-demo')), 401, 'Unauthorized')
  })

  test('seed: 401 is for a wrong password', async () => {
    assertError(await logout(basic('maria', 'wrong')), 401, 'Unauthorized')
  })

  test('seed: time is Go time whose m= runs on between answers', async () => {
    // Each process counts from its own start.
    const own = await startTestServer({ oneNode: true })
    try {
      const first = monotonicSeconds(await logout(await login(own), 'POST', own))
      const second = monotonicSeconds(await logout('Bearer x', 'POST', own))
      assert.ok(second > first)
      assert.ok(second < process.uptime() + 1)
    } finally {
      await own.close()
    }
  })

  test('after logout the bearer is refused, and a second logout answers 401', async () => {
    const bearer = await login()
    assert.equal((await list(bearer)).status, 200)
    assert.equal((await logout(bearer)).status, 200)
    assertError(await list(bearer), 401, 'Unauthorized')
    assertError(await logout(bearer), 401, 'Unauthorized')
  })

  test('a logout ends its own bearer and no other of the same user', async () => {
    const [one, other] = [await login(), await login()]
    await logout(one)
    assert.equal((await list(other)).status, 200)
  })

  test('the answer carries a receipt', async () => {
    const { headers } = await logout(await login())
    assert.match(headers['outright-revocation'] ?? '', /^[\da-f-]{36}$/)
    assert.match(headers['outright-confirmed'] ?? '', /^(\d+)\/\1;lapsed=0;ms=\d+$/)
  })

  test('a refused logout carries no receipt', async () => {
    const { headers } = await logout('Bearer x')
    assert.equal(headers['outright-revocation'], undefined)
  })

  test('Prefer: respond-async is applied', async () => {
    const headers = { authorization: await login(), prefer: 'respond-async' }
    const reply = await server.call('POST', `${base}/auth/logout`, { headers })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['preference-applied'], 'respond-async')
  })

  test('what curl sends: POST without a body and without a length', async () => {
    const reply = await rawRequest(server.url, [
      `POST ${base}/auth/logout HTTP/1.1`,
      'User-Agent: curl/8.5.0',
      'Accept: */*',
      `Authorization: ${await login()}`,
    ])
    assert.equal(reply.status, 200)
  })

  for (const name of ['Content-Type', 'Content_type']) {
    test(`what curl sends: POST with ${name}: application/json and no body`, async () => {
      const reply = await rawRequest(server.url, [
        `POST ${base}/auth/logout HTTP/1.1`,
        'User-Agent: curl/8.5.0',
        'Accept: */*',
        `Authorization: ${await login()}`,
        `${name}: application/json`,
      ])
      assert.equal(reply.status, 200)
    })
  }

  test('what fetch sends: a length of 0', async () => {
    const headers = { authorization: await login(), 'content-type': 'application/json' }
    const reply = await server.call('POST', `${base}/auth/logout`, { headers, body: '' })
    assert.equal(reply.status, 200)
  })

  test('a body that the call does not take is not looked at', async () => {
    const headers = { authorization: await login(), 'content-type': 'application/json' }
    const reply = await server.call('POST', `${base}/auth/logout`, { headers, body: '{{{' })
    assert.equal(reply.status, 200)
  })

  test('GET, as in the vendor’s own requests, logs out too', async () => {
    const bearer = await login()
    assert.equal((await logout(bearer, 'GET')).status, 200)
    assert.equal((await list(bearer)).status, 401)
  })
})

suite('DirectLink, logout with user and password', () => {
  for (const method of ['POST', 'GET']) {
    test(`${method}: the body has urllink between bearer and time`, async () => {
      assertBody(
        await logout(maria, method),
        '{"status":0,"description":"handlerAuthLogout:succsessfully","apiver":"v1 (3.6.0)","user":"","bearer":"","urllink":"","time":"TIME"}',
      )
    })
  }

  test('it ends every session of that user, and a later login is good', async () => {
    const [one, other] = [await login(), await login()]
    const reply = await logout(maria)
    assert.match(reply.headers['outright-revocation'] ?? '', /^[\da-f-]{36}$/)
    assertError(await list(one), 401, 'Unauthorized')
    assertError(await list(other), 401, 'Unauthorized')
    assert.equal((await list(await login())).status, 200)
  })

  test('a second one is answered with 200 again', async () => {
    assert.equal((await logout(maria)).status, 200)
    assert.equal((await logout(maria)).status, 200)
  })
})

suite('DirectLink, login', () => {
  for (const method of ['POST', 'GET']) {
    test(`${method} with Basic answers the user and a bearer`, async () => {
      const headers = { authorization: maria }
      const reply = await server.call(method, `${base}/auth/login`, { headers })
      assert.equal(reply.status, 200)
      assert.equal(reply.headers['content-type'], 'application/json')
      assert.equal(reply.headers['cache-control'], 'no-store')
      const { bearer } = reply.json() as { bearer: string }
      assertBody(
        reply,
        `{"status":0,"description":"handlerAuthLogin:succsessfully","apiver":"v1 (3.6.0)","user":"maria","bearer":"${bearer}","time":"TIME"}`,
      )
      assert.equal((await list(`Bearer ${bearer}`)).status, 200)
    })
  }

  test('a bearer instead of a password answers 400', async () => {
    const headers = { authorization: await login() }
    assertError(await server.call('POST', `${base}/auth/login`, { headers }), 400, 'Bad Request')
  })

  test('the user name is exact', async () => {
    for (const name of ['Maria', 'MARIA', ' maria', 'maria ']) {
      const headers = { authorization: basic(name, 'maria-demo') }
      assertError(await server.call('POST', `${base}/auth/login`, { headers }), 401, 'Unauthorized')
    }
  })

  test('a password may hold colons and letters beyond ASCII', async () => {
    await server.store.createSubject({
      ...(await mariaRecord()),
      id: 'joão',
      username: 'joão',
    })
    const headers = { authorization: basic('joão', 'maria-demo') }
    assert.equal((await server.call('POST', `${base}/auth/login`, { headers })).status, 200)
    const colons = { authorization: basic('maria', 'a:b:c') }
    const reply = await server.call('POST', `${base}/auth/login`, { headers: colons })
    assertError(reply, 401, 'Unauthorized')
  })

  test('a disabled account answers 403 to the right password and 401 to a wrong one', async () => {
    await server.store.createSubject({
      ...(await mariaRecord()),
      id: 'retired',
      username: 'retired',
      status: 'disabled',
    })
    const right = { authorization: basic('retired', 'maria-demo') }
    const wrong = { authorization: basic('retired', 'guess') }
    const path = `${base}/auth/login`
    assertError(await server.call('POST', path, { headers: right }), 403, 'Forbidden')
    assertError(await server.call('POST', path, { headers: wrong }), 401, 'Unauthorized')
  })
})

suite('DirectLink, the token call', () => {
  const grant = { grant_type: 'password', username: 'maria', password: 'maria-demo' }
  const token = (fields: Record<string, string>) =>
    server.call('POST', `${base}/oauth2/token`, { body: new URLSearchParams(fields) })

  test('200 body and headers are as documented', async () => {
    const reply = await token(grant)
    const { access_token: bearer } = reply.json() as { access_token: string }
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['content-type'], 'application/json;charset=UTF-8')
    assert.equal(reply.headers['cache-control'], 'no-store')
    assert.equal(reply.headers['pragma'], 'no-cache')
    assert.equal(
      reply.text,
      `{"access_token":"${bearer}","token_type":"Bearer","expires_in":3600,"scope":"http://127.0.0.1:8080/directlink/v1"}`,
    )
    assert.equal((await list(`Bearer ${bearer}`)).status, 200)
  })

  test('claims: iss, sub, aud with the base URL, nbf, iat and exp = iat + 3600', async () => {
    const { access_token: bearer } = (await token(grant)).json() as { access_token: string }
    const claims = JSON.parse(
      Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>
    assert.equal(claims['iss'], 'http://127.0.0.1:8080')
    assert.equal(claims['sub'], 'maria')
    assert.equal((claims['aud'] as string[])[0], 'http://127.0.0.1:8080/directlink/v1')
    assert.equal(claims['nbf'], claims['iat'])
    assert.equal(claims['exp'], Number(claims['iat']) + 3600)
  })

  test('a wrong password answers 401 with a numeric error', async () => {
    assertTokenError(await token({ ...grant, password: 'wrong' }), 401, 'Unauthorized')
  })

  test('an unknown user answers as a wrong password does', async () => {
    assertTokenError(await token({ ...grant, username: 'nobody' }), 401, 'Unauthorized')
  })

  for (const name of ['grant_type', 'username', 'password']) {
    test(`without ${name}: 400`, async () => {
      assertTokenError(await token({ ...grant, [name]: '' }), 400, 'Bad Request')
    })
  }

  test('another grant answers 400', async () => {
    const reply = await token({ ...grant, grant_type: 'client_credentials' })
    assertTokenError(reply, 400, 'Bad Request')
  })

  test('GET answers 405 in the shape of this call', async () => {
    const reply = await server.call('GET', `${base}/oauth2/token`)
    assert.equal(reply.headers['allow'], 'POST')
    assertTokenError(reply, 405, 'Method Not Allowed')
  })
})

suite('DirectLink, the protected list', () => {
  test('200 is an empty list for the user', async () => {
    assertBody(
      await list(await login()),
      '{"status":0,"description":"handlerDownloadList:succsessfully","apiver":"v1 (3.6.0)","user":"maria","files":[],"time":"TIME"}',
    )
  })

  test('Basic is good for it too', async () => {
    assert.equal((await list(maria)).status, 200)
  })

  test('page is a number from 1', async () => {
    const headers = { authorization: await login() }
    for (const page of ['1', '7', '1000000']) {
      const reply = await server.call('GET', `${base}/download/list?page=${page}`, { headers })
      assert.equal(reply.status, 200)
    }
    for (const page of ['0', '-1', 'x', '1.5', '1000001', '1&page=2', '%00']) {
      const reply = await server.call('GET', `${base}/download/list?page=${page}`, { headers })
      assertError(reply, 400, 'Bad Request')
    }
  })

  test('an expired bearer answers 401', async () => {
    const own = await startTestServer({ frozenClocks: true })
    try {
      const bearer = await login(own)
      own.advance(3_590_000)
      assert.equal((await list(bearer, own)).status, 200)
      own.advance(11_000)
      assertError(await list(bearer, own), 401, 'Unauthorized')
    } finally {
      await own.close()
    }
  })
})

suite('DirectLink, what is not there', () => {
  test('an unknown path answers 404 in the dialect’s form', async () => {
    assertError(await server.call('GET', `${base}/nothing`), 404, 'Not Found')
  })

  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    test(`${method} on logout answers 405 with Allow`, async () => {
      const reply = await server.call(method, `${base}/auth/logout`)
      assert.equal(reply.headers['allow'], 'GET, POST')
      assertError(reply, 405, 'Method Not Allowed')
    })
  }
})

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

async function login(at: TestServer = server): Promise<string> {
  const headers = { authorization: maria }
  const reply = await at.call('POST', `${base}/auth/login`, { headers })
  return `Bearer ${(reply.json() as { bearer: string }).bearer}`
}

function logout(authorization: string, method = 'POST', at = server): Promise<Reply> {
  return at.call(method, `${base}/auth/logout`, { headers: { authorization } })
}

function list(authorization: string, at: TestServer = server): Promise<Reply> {
  return at.call('GET', `${base}/download/list`, { headers: { authorization } })
}

async function mariaRecord() {
  const subject = await server.store.findSubject({ by: 'id', value: 'maria' })
  assert.ok(subject)
  return subject
}

/** Compares the body byte for byte, but for what stands at TIME. */
function assertBody(reply: Reply, expected: string): void {
  assert.equal(reply.text.replace(new RegExp(`"time":"${goTime}"`), '"time":"TIME"'), expected)
}

function assertError(reply: Reply, status: number, description: string): void {
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json')
  assertBody(
    reply,
    `{"status":${status},"description":"${description}","apiver":"v1 (3.6.0)","time":"TIME"}`,
  )
}

function assertTokenError(reply: Reply, status: number, description: string): void {
  assert.equal(reply.status, status)
  assert.equal(reply.headers['content-type'], 'application/json;charset=UTF-8')
  assert.equal(
    reply.text,
    `{"error":${status},"error_description":"${description}","error_uri":"http://127.0.0.1:8080/directlink/v1"}`,
  )
}

function monotonicSeconds(reply: Reply): number {
  return Number(/m=\+([\d.]+)"/.exec(reply.text)?.[1])
}
