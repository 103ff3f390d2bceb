import assert from 'node:assert/strict'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, suite, test } from 'node:test'
import { fetchJsonWithin } from './fetch-json.ts'

suite('documents of others', () => {
  const servers: Server[] = []
  after(() => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  })

  async function serve(answer: RequestListener): Promise<URL> {
    const server = createServer(answer)
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/keys`)
  }

  const json = { 'content-type': 'application/json' }
  const get = (url: URL, mayBePrivate = true, timeoutMs = 60_000): Promise<unknown> =>
    fetchJsonWithin(timeoutMs, url, { isListed: () => mayBePrivate })

  test('JSON comes, by any of its types', async () => {
    for (const type of ['application/json', 'application/jwk-set+json; charset=utf-8']) {
      const url = await serve((_, response) => {
        response.writeHead(200, { 'content-type': type }).end('{"keys":[]}')
      })
      assert.deepEqual(await get(url), { keys: [] })
    }
  })

  for (const [what, answer, reason] of [
    [
      'what is too long',
      (_, response) => void response.writeHead(200, json).end('x'.repeat(600_000)),
      /too long/,
    ],
    [
      'what never ends',
      (_, response) => {
        response.writeHead(200, json)
        const more = setInterval(() => response.write('x'.repeat(65_536)), 1)
        response.on('close', () => {
          clearInterval(more)
        })
      },
      /too long/,
    ],
    [
      'a page',
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('{}'),
      /does not answer JSON/,
    ],
    ['what is no JSON', (_, response) => void response.writeHead(200, json).end('{'), /not JSON/],
    [
      'a redirect',
      (_, response) => void response.writeHead(302, { location: '/other' }).end(),
      /answered 302/,
    ],
    ['an error', (_, response) => void response.writeHead(500, json).end('{}'), /answered 500/],
    [
      'what is cut off',
      (_, response) => {
        response.writeHead(200, { ...json, 'content-length': '100' })
        response.write('{')
        setTimeout(() => response.destroy(), 5)
      },
      /aborted|cut off|hang up/,
    ],
  ] as const satisfies readonly (readonly [string, RequestListener, RegExp])[]) {
    test(`refuses ${what}`, async () => {
      await assert.rejects(get(await serve(answer)), reason)
    })
  }

  test('a slow one is given up', async () => {
    const url = await serve(() => undefined)
    await assert.rejects(get(url, true, 50), /takes too long|aborted/)
  })

  test('an address that the internet does not reach is refused, however it is written', async () => {
    const { port } = await serve((_, response) => {
      response.writeHead(200, json).end('{}')
    })
    for (const host of [
      '127.0.0.1',
      'localhost',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0.0.0.0',
      '127.1',
      '2130706433',
    ]) {
      await assert.rejects(
        get(new URL(`http://${host}:${port}/keys`), false),
        / is (?:an? |not )/,
        host,
      )
    }
    for (const host of [
      '10.0.0.1',
      '192.168.1.1',
      '172.16.0.1',
      '169.254.169.254',
      '100.64.0.1',
      '[fd00::1]',
      '[fe80::1]',
    ]) {
      await assert.rejects(get(new URL(`http://${host}/keys`), false), / is (?:an? |not )/, host)
    }
  })
})
