/** The client against servers that behave as servers sometimes do. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test, type TestContext } from 'node:test'
import {
  ApiError,
  ConnectionError,
  createClient,
  type ClientOptions,
  type OutrightClient,
} from './index.ts'

const TOKEN = 'the-admin-token'

type Handler = (request: IncomingMessage, response: ServerResponse, call: number) => void

/** Starts a server for one test. */
async function serve(
  context: TestContext,
  handle: Handler,
  options: Pick<ClientOptions, 'timeoutMs'> = {},
): Promise<{ readonly client: OutrightClient; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    handle(request, response, requests.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const client = createClient({
    server: `http://127.0.0.1:${String(port)}/`,
    token: TOKEN,
    ...options,
  })
  return { client, requests }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

const revocation = (key: string) => JSON.stringify({ id: key, scope: 'token', key })

suite('createClient()', () => {
  test('sends the token and encodes what stands in a path', async (context) => {
    const { client, requests } = await serve(context, (_request, response) => {
      json(response, 200, { sid: 'x' })
    })
    await client.session('a/b?c#d é')
    assert.equal(requests[0]?.url, '/outright/v1/sessions/a%2Fb%3Fc%23d%20%C3%A9')
    assert.equal(requests[0]?.headers.authorization, `Bearer ${TOKEN}`)
  })

  test('throws a refusal as ApiError with the problem', async (context) => {
    const problem = {
      type: 'urn:outright:problem:conflict',
      title: 'x',
      status: 409,
      detail: 'why',
    }
    const { client } = await serve(context, (_request, response) => {
      json(response, 409, problem)
    })
    await assert.rejects(client.addGuard('orders'), (error) => {
      assert.ok(error instanceof ApiError)
      assert.deepEqual([error.status, error.message, error.problem], [409, 'why', problem])
      return true
    })
  })

  test('throws what is not a problem document as ApiError with the status', async (context) => {
    const { client } = await serve(context, (_request, response, call) => {
      response.writeHead(502, { 'content-type': 'text/html' }).end(call === 1 ? '<h1>Bad' : 'null')
    })
    for (let call = 0; call < 2; call++) {
      await assert.rejects(client.keys(), (error) => {
        assert.ok(error instanceof ApiError)
        assert.deepEqual([error.status, error.message], [502, 'the server answered 502'])
        return true
      })
    }
  })

  test('takes the token to no other server', async (context) => {
    const { client, requests } = await serve(context, (_request, response) => {
      response.writeHead(307, { location: '/elsewhere' }).end()
    })
    await assert.rejects(client.keys(), ConnectionError)
    assert.equal(requests.length, 1)
  })

  test('gives up a server that does not answer, and says who it was', async (context) => {
    const { client } = await serve(context, () => undefined, { timeoutMs: 500 })
    await assert.rejects(client.keys(), (error) => {
      assert.ok(error instanceof ConnectionError)
      assert.match(
        error.message,
        /^Cannot reach http:\/\/127\.0\.0\.1:\d+: no answer within 0\.5 s$/,
      )
      assert.ok(!error.message.includes(TOKEN))
      return true
    })
  })

  test('throws an answer that breaks off as ConnectionError', async (context) => {
    const { client } = await serve(context, (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"items":')
      response.socket?.destroySoon()
    })
    await assert.rejects(client.keys(), ConnectionError)
  })

  test('refuses an address that is not an http URL', () => {
    for (const server of ['', 'nowhere', 'ftp://x', 'javascript:alert(1)']) {
      assert.throws(() => createClient({ server, token: TOKEN }), {
        name: 'TypeError',
        message: `Cannot use server "${server}": not an http or https URL`,
      })
    }
  })

  test('goes through every page, and fetches none that is not read', async (context) => {
    const pages = [
      { items: [1, 2], next: 'b' },
      { items: [], next: 'c' },
      { items: [3], next: null },
    ]
    const { client, requests } = await serve(context, (_request, response, call) => {
      json(response, 200, pages[(call - 1) % pages.length])
    })
    const seen: unknown[] = []
    for await (const item of client.sessions({ subject: 'maria', live: true }, { pageSize: 2 })) {
      seen.push(item)
    }
    assert.deepEqual(seen, [1, 2, 3])
    assert.deepEqual(
      requests.map(({ url }) => url),
      [
        '/outright/v1/sessions?subject=maria&live=true&limit=2',
        '/outright/v1/sessions?subject=maria&live=true&limit=2&cursor=b',
        '/outright/v1/sessions?subject=maria&live=true&limit=2&cursor=c',
      ],
    )
    for await (const item of client.clients()) {
      assert.equal(item, 1)
      break
    }
    assert.equal(requests.length, 4)
  })
})

suite('events()', () => {
  test('goes on where the connection broke off', async (context) => {
    const { client, requests } = await serve(context, (_request, response, call) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      if (call === 1) {
        response.write(`event: revocation\nid: n:1\ndata: ${revocation('one')}\n\n`)
        // Half an event: it does not count.
        response.write(`event: revocation\nid: n:2\ndata: ${revocation('tw')}`, () => {
          response.destroy()
        })
      } else {
        response.write(`: still here\n\nevent: revocation\r\nid: n:2\r\n`)
        response.write(`data: ${revocation('two')}\r\n\r\n`)
      }
    })
    const lost: string[] = []
    const seen: string[] = []
    for await (const { id, revocation: entry } of client.events({
      onLost: (error, retryMs) => lost.push(`${error.name} ${String(retryMs)}`),
    })) {
      seen.push(`${id} ${entry.key}`)
      if (seen.length === 2) break
    }
    assert.deepEqual(seen, ['n:1 one', 'n:2 two'])
    assert.deepEqual(lost, ['ConnectionError 250'])
    assert.equal(requests[0]?.headers['last-event-id'], undefined)
    assert.equal(requests[1]?.headers['last-event-id'], 'n:1')
  })

  test('passes over events that it does not know', async (context) => {
    const { client } = await serve(context, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('retry: 10\n\nevent: other\ndata: {}\nid: n:4\n\ndata: not json\n\n')
      response.write(`event: revocation\nid: n:5\ndata: ${revocation('five')}\n\n`)
    })
    for await (const { id, revocation: entry } of client.events()) {
      assert.deepEqual([id, entry.key], ['n:5', 'five'])
      break
    }
  })

  test('throws where the first connection fails, and where the server refuses', async (context) => {
    const { client } = await serve(context, (_request, response) => {
      json(response, 401, { type: 'urn:outright:problem:credentials-invalid', title: 'no' })
    })
    const next = (from: OutrightClient) => from.events()[Symbol.asyncIterator]().next()
    await assert.rejects(next(client), ApiError)
    const nobody = createClient({ server: 'http://127.0.0.1:65535', token: TOKEN })
    await assert.rejects(next(nobody), ConnectionError)
  })

  test('ends with its signal, also while it waits', async (context) => {
    const { client } = await serve(context, (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': following\n\n')
    })
    const stop = new AbortController()
    const connected = Promise.withResolvers<undefined>()
    const ended = (async () => {
      for await (const event of client.events({
        signal: stop.signal,
        onConnected: () => {
          connected.resolve(undefined)
        },
      })) {
        assert.fail(event.id)
      }
    })()
    await connected.promise
    stop.abort()
    await ended
  })
})
