/** `/outright/v1/check` over real sockets: what a request says beside its token changes nothing. */
import assert from 'node:assert/strict'
import { METHODS } from 'node:http'
import { after, before, suite, test } from 'node:test'
import { startTestServer, type TestServer } from '../harness.ts'
import { goodAuthorization } from './good-authorization.ts'
import { rawRequest } from '../dialects/raw-request.ts'

let server: TestServer
let authorization: string

before(async () => {
  server = await startTestServer()
  authorization = await goodAuthorization(server)
})
after(() => server.close())

suite('the method of the original request', () => {
  // A tunnel is not a request: Node asks no listener about it.
  for (const method of METHODS.filter((name) => name !== 'CONNECT')) {
    test(`${method} passes with a good token, and only with one`, async () => {
      for (const path of ['/outright/v1/check', '/outright/v1/check/calendars/maria?a=b']) {
        const good = await rawRequest(server.url, [`${method} ${path} HTTP/1.1`, authorization])
        assert.equal(good.status, 200)
        assert.match(good.head, /^remote-user: maria$/m)
        const none = await rawRequest(server.url, [`${method} ${path} HTTP/1.1`])
        assert.equal(none.status, 401)
        assert.match(none.head, /^remote-user: $/m)
        assert.match(none.head, /^www-authenticate: bearer realm="outright"$/m)
      }
    })
  }

  test('elsewhere is refused as before', async () => {
    const reply = await rawRequest(server.url, ['PROPFIND /outright/v1/verifiers HTTP/1.1'])
    assert.equal(reply.status, 405)
    assert.match(reply.head, /^allow: get, head$/m)
  })
})

suite('the challenge (RFC 6750, section 3)', () => {
  const challenges = async (...headers: string[]): Promise<string | undefined> => {
    const lines = ['GET /outright/v1/check HTTP/1.1', ...headers]
    const { status, head } = await rawRequest(server.url, lines)
    assert.equal(status, 401)
    return /^www-authenticate: (.*)$/m.exec(head)?.[1]?.trim()
  }

  test('names no error where no token was sent', async () => {
    for (const header of [
      'X: y',
      'Authorization: Basic bTpt',
      'Authorization: Bearer',
      'Authorization: ',
    ]) {
      assert.equal(await challenges(header), 'bearer realm="outright"', header)
    }
  })

  test('says so where one was sent that cannot be read', async () => {
    const unreadable = 'bearer realm="outright", error="invalid_token", error_description='
    const text = '"the token cannot be read"'
    for (const header of [
      'Authorization: Bearer "a.b.c"',
      'Authorization: Bearer a.b.c x',
      `Authorization: bearer ${'a'.repeat(9000)}`,
    ]) {
      assert.equal(await challenges(header), unreadable + text, header.slice(0, 40))
    }
    assert.equal(await challenges(authorization, authorization), unreadable + text)
  })
})

suite('the body of the original request', () => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'QUERY', 'GET']) {
    test(`${method}: is not read, whatever its size and type`, async () => {
      const body = 'x'.repeat(100_000)
      const reply = await rawRequest(
        server.url,
        [
          `${method} /outright/v1/check/upload HTTP/1.1`,
          authorization,
          'Content-Type: ;;;',
          `Content-Length: ${body.length}`,
        ],
        body,
      )
      assert.equal(reply.status, 200)
    })
  }
})

suite('Expect (RFC 9110, section 10.1.1)', () => {
  for (const [count, expectation] of ['more', '100-continue', '100-continue, more', ''].entries()) {
    test(`"${expectation}" changes no answer`, async () => {
      const expect = `Expect: ${expectation}`
      const check = 'GET /outright/v1/check HTTP/1.1'
      assert.equal(finalStatus(await rawRequest(server.url, [check, authorization, expect])), 200)
      assert.equal(finalStatus(await rawRequest(server.url, [check, expect])), 401)
      const body = JSON.stringify({ scope: 'subject', key: `nobody-${count}` })
      const revoke = [
        'POST /outright/v1/revocations HTTP/1.1',
        'Authorization: Bearer outright-demo-admin',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        expect,
      ]
      assert.equal(finalStatus(await rawRequest(server.url, revoke, body)), 201)
      assert.equal(
        finalStatus(await rawRequest(server.url, ['GET /healthz HTTP/1.1', expect])),
        200,
      )
    })
  }
})

/** Of the answer behind `100 Continue`, where that came first. */
function finalStatus({ status, head }: { readonly status: number; readonly head: string }): number {
  if (status !== 100) return status
  return Number(/^http\/1.1 (\d+)/m.exec(head)?.[1])
}
