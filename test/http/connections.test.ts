/**
 * What happens on connections, with real sockets: requests that were sent in one write, bytes that
 * are not a request, peers that are slow, and a server that stops.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import { exchange, replies, type WireReply } from './wire.ts'

let server: TestServer

before(async () => {
  server = await startTestServer({ oneNode: true })
})
after(() => server.close())

async function bearer(): Promise<string> {
  const basic = Buffer.from('maria:maria-demo').toString('base64')
  const reply = await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization: `Basic ${basic}` },
  })
  return (reply.json() as { bearer: string }).bearer
}

function get(path: string, token: string, more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`
}

function post(path: string, token: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 0\r\n\r\n`
}

const list = '/directlink/v1/download/list'
const logout = '/directlink/v1/auth/logout'
const last = 'Connection: close\r\n'

suite('requests that were sent in one write (RFC 9112, section 9.3.2)', () => {
  test('what follows a logout waits for it', async () => {
    const token = await bearer()
    const answers = await exchange(server.url, post(logout, token) + get(list, token, last))
    assert.deepEqual(statuses(answers), [200, 401])
  })

  test('also where the logout is a GET, as DirectLink has one', async () => {
    const token = await bearer()
    const answers = await exchange(server.url, get(logout, token) + get(list, token, last))
    assert.deepEqual(statuses(answers), [200, 401])
  })

  test('what came before a logout is not refused because of it', async () => {
    const token = await bearer()
    const before = get(list, token).repeat(3)
    const answers = await exchange(
      server.url,
      before + post(logout, token) + get(list, token, last),
    )
    assert.deepEqual(statuses(answers), [200, 200, 200, 200, 401])
  })

  test('more of them than any client needs end the connection, and the server goes on', async () => {
    const many = 'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3000)
    const answers = await exchange(server.url, many)
    assert.ok(answers.length < 3000)
    assert.equal((await server.call('GET', '/readyz')).status, 200)
  })
})

suite('a peer that closes its side behind its request', () => {
  test('has its answer, and then the connection closes', async () => {
    const token = await bearer()
    const [answer, ...more] = await exchange(server.url, post(logout, token), true)
    assert.deepEqual([answer?.status, more], [200, []])
    assert.match(answer?.headers.get('outright-confirmed') ?? '', /^\d+\/\d+;/)
    assert.deepEqual(statuses(await exchange(server.url, get(list, token, last))), [401])
  })

  test('has all that it asked for, in order', async () => {
    const token = await bearer()
    const asked = get(list, token).repeat(3) + post(logout, token) + get(list, token)
    assert.deepEqual(statuses(await exchange(server.url, asked, true)), [200, 200, 200, 200, 401])
  })

  test('is told that what it sent is no whole request', async () => {
    const part = 'POST /auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{'
    assert.deepEqual(statuses(await exchange(server.url, part, true)), [400])
    assert.deepEqual(statuses(await exchange(server.url, part.slice(0, 40), true)), [400])
  })

  test('has asked nothing: the connection closes', async () => {
    assert.deepEqual(await exchange(server.url, '', true), [])
  })

  test('ends its stream at once, as a reader who has gone', async () => {
    const token = await bearer()
    const { hostname, port } = new URL(server.url)
    // As many as a session may have: each has to give its place back.
    for (let turn = 0; turn < 40; turn++) {
      const socket = connect(Number(port), hostname)
      socket.write(get('/outright/v1/session/events', token))
      const [begun] = (await once(socket, 'data')) as [Buffer]
      assert.match(String(begun), /^HTTP\/1\.1 200 OK\r\n/, `stream ${String(turn)}`)
      socket.end()
      await once(socket.resume(), 'close')
    }
  })
})

suite('bytes that are not a request are answered in the form of the path’s owner', () => {
  const long = 'a'.repeat(40 * 1024)

  test('headers that are too long: 431', async () => {
    const [directlink] = await exchange(server.url, get(list, long))
    assert.equal(directlink?.status, 431)
    assert.equal(directlink.reason, 'Request Header Fields Too Large')
    assert.equal(directlink.json().status, 431)
    assert.equal(directlink.json().description, 'Request Header Fields Too Large')
    const [octopus] = await exchange(server.url, get('/api/v1/wallets', long))
    assert.equal(octopus?.status, 431)
    assert.equal(octopus.json().error.code, 'REQUEST_HEADER_FIELDS_TOO_LARGE')
    const [nobody] = await exchange(server.url, get('/nowhere', long))
    assertProblem(nobody, 431, 'headers-too-large')
  })

  test('a length that is said twice, or beside chunks: 400', async () => {
    const both = 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    const twice = 'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc'
    for (const lengths of [both, twice]) {
      const [baanx] = await exchange(
        server.url,
        `POST /v1/auth/login HTTP/1.1\r\nHost: x\r\n${lengths}`,
      )
      assert.equal(baanx?.status, 400)
      assert.deepEqual(baanx.json(), { message: 'Malformed request' })
    }
  })

  test('a path that is not ASCII: 400', async () => {
    const [matar] = await exchange(
      server.url,
      'GET /api/v1/get_current_user/é HTTP/1.1\r\nHost: x\r\n\r\n',
    )
    assert.equal(matar?.status, 400)
    assert.deepEqual(Object.keys(matar.json() as object), ['message'])
  })

  test('HTTP/1.1 without a Host header: 400, and the connection ends; HTTP/1.0 has none', async () => {
    const [directlink, ...more] = await exchange(
      server.url,
      `GET ${list} HTTP/1.1\r\n\r\n${get(list, 'x')}`,
    )
    assert.equal(directlink?.status, 400)
    assert.equal(directlink.json().description, 'Bad Request')
    assert.deepEqual(more, [])
    const [baanx] = await exchange(
      server.url,
      'POST /v1/auth/login HTTP/1.1\r\nContent-Length: 0\r\n\r\n',
    )
    assert.deepEqual(baanx?.json(), { message: 'Malformed request' })
    const [nobody] = await exchange(server.url, 'GET /nowhere HTTP/1.1\r\n\r\n')
    assertProblem(nobody, 400, 'malformed-request')
    const [old] = await exchange(server.url, 'GET /readyz HTTP/1.0\r\n\r\n')
    assert.equal(old?.status, 200)
  })

  test('what is not HTTP at all gets a problem document (RFC 9457)', async () => {
    const [nobody] = await exchange(server.url, '\u0016\u0003\u0001 hello\r\n\r\n')
    assertProblem(nobody, 400, 'malformed-request')
  })

  test('an answer that is owed comes first, and is not mistaken for the refusal', async () => {
    const token = await bearer()
    const answers = await exchange(
      server.url,
      `${post(logout, token)}GET ${list} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    )
    assert.deepEqual(statuses(answers), [200, 400])
    assert.equal(answers[1]?.json().description, 'Bad Request')
  })

  test('nothing of a credential comes back', async () => {
    for (const reply of await exchange(server.url, get(list, `SECRET${long}`))) {
      assert.doesNotMatch(reply.text, /SECRET/)
    }
  })
})

test('a status that HTTP does not register has its reason phrase: 498 and 499 of Baanx', async () => {
  const without =
    'POST /v1/auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n'
  const [missing] = await exchange(server.url, `${without}\r\n`)
  assert.deepEqual([missing?.status, missing?.reason], [499, 'Token Required'])
  const [unknown] = await exchange(server.url, `${without}X-Client-Key: nobody\r\n\r\n`)
  assert.deepEqual([unknown?.status, unknown?.reason], [498, 'Invalid Token'])
})

test('what comes on an open connection while the server stops is refused in the dialect’s form', async () => {
  const own = await startTestServer({ oneNode: true })
  const token = await bearerOf(own)
  const { hostname, port } = new URL(own.url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const ended = new Promise((resolve) => socket.once('close', resolve))
  // The body of the first is owed, so the connection is in use when the server begins to stop. That
  // it has read the head of it, it says by asking for that body.
  const head = 'POST /auth/logout HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n'
  socket.write(`${head}Expect: 100-continue\r\n\r\n{`)
  await once(socket, 'data')
  assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\n$/)
  text = ''
  const closed = own.close()
  socket.write(`}${get(list, token)}`)
  await ended
  await closed
  const [first, second] = replies(text)
  assert.equal(first?.status, 503)
  assert.equal(first.json().error.code, 'SERVICE_UNAVAILABLE')
  assert.equal(first.headers.get('connection'), 'close')
  assert.equal(second, undefined)
})

function bearerOf(own: TestServer): Promise<string> {
  const basic = Buffer.from('maria:maria-demo').toString('base64')
  return own
    .call('POST', '/directlink/v1/auth/login', { headers: { authorization: `Basic ${basic}` } })
    .then((reply) => (reply.json() as { bearer: string }).bearer)
}

function statuses(answers: readonly WireReply[]): number[] {
  return answers.map(({ status }) => status)
}

function assertProblem(reply: WireReply | undefined, status: number, type: string): void {
  assert.equal(reply?.status, status)
  assert.equal(reply.headers.get('content-type'), 'application/problem+json')
  assert.equal(reply.json().type, `urn:outright:problem:${type}`)
}
