import assert from 'node:assert/strict'
import type { lookup as lookUp, LookupAddress } from 'node:dns'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, suite, test } from 'node:test'
import { addressMatcher } from '../http/client-address.ts'
import { addressRefusal } from './addresses.ts'
import { createPost, type PostOptions } from './post.ts'

const server = createServer((request, response) => {
  hosts.push(String(request.headers.host))
  request.resume()
  response.writeHead(204).end()
})
/** What was asked for at the server. */
let hosts: string[] = []
let port = 0

before(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  port = (server.address() as AddressInfo).port
})

after(() => {
  server.closeAllConnections()
  server.close()
})

beforeEach(() => {
  hosts = []
})

/** Posts once, where these ranges are listed and names are found at these addresses. */
async function post(url: string, listed: readonly string[], found: readonly string[] = []) {
  let lookups = 0
  const lookup = ((_name: string, _options: object, callback: Found) => {
    lookups++
    const family = (address: string): number => (address.includes(':') ? 6 : 4)
    callback(
      null,
      found.map((address) => ({ address, family: family(address) })),
    )
  }) as unknown as typeof lookUp
  const options: PostOptions = {
    isListed: addressMatcher(listed),
    setting: 'allowedPrivateAddresses',
    nowMs: () => 0,
    lookup,
  }
  const signal = AbortSignal.timeout(120_000)
  const outcome = await createPost(options)(url, { headers: {}, body: '{}', signal })
  return { ...outcome, lookups }
}

type Found = (error: null, addresses: readonly LookupAddress[]) => void

suite('a message is not sent', () => {
  const refused: readonly (readonly [host: string, error: string])[] = [
    ['127.0.0.1', '127.0.0.1 is a loopback address'],
    ['2130706433', '127.0.0.1 is a loopback address'],
    ['0x7f000001', '127.0.0.1 is a loopback address'],
    ['0177.0.0.01', '127.0.0.1 is a loopback address'],
    ['127.1', '127.0.0.1 is a loopback address'],
    ['①②⑦.0.0.1', '127.0.0.1 is a loopback address'],
    ['[::1]', '::1 is a loopback address'],
    ['[::ffff:127.0.0.1]', '127.0.0.1 is a loopback address'],
    ['[::ffff:a00:1]', '10.0.0.1 is a private address'],
    ['0', '0.0.0.0 is an unspecified address'],
    ['[::]', ':: is an unspecified address'],
    ['169.254.169.254', '169.254.169.254 is a link-local address'],
    ['[fe80::1]', 'fe80::1 is a link-local address'],
    ['192.168.0.1', '192.168.0.1 is a private address'],
    ['[fd00:ec2::254]', 'fd00:ec2::254 is a private address'],
  ]
  for (const [host, error] of refused) {
    test(`to http://${host}`, async () => {
      assert.deepEqual(await post(`http://${host}:${String(port)}/`, []), {
        kind: 'again',
        error: `${error}, and allowedPrivateAddresses does not list it`,
        lookups: 0,
      })
      assert.deepEqual(hosts, [])
    })
  }

  test('to a name that leads to such an address, which is looked up once', async () => {
    const url = `http://receiver.example:${String(port)}/`
    assert.deepEqual(await post(url, [], ['127.0.0.1']), {
      kind: 'again',
      error: '127.0.0.1 is a loopback address, and allowedPrivateAddresses does not list it',
      lookups: 1,
    })
    assert.deepEqual(hosts, [])
  })

  test('by anything but http and https', async () => {
    assert.deepEqual(await post('file:///etc/passwd', []), {
      kind: 'refused',
      error: 'its URL is neither http nor https',
      lookups: 0,
    })
  })
})

suite('a message is sent', () => {
  test('to an address that is listed', async () => {
    const outcome = await post(`http://127.0.0.1:${String(port)}/`, ['127.0.0.0/8'])
    assert.deepEqual([outcome.kind, hosts.length], ['delivered', 1])
    const mapped = await post(`http://[::ffff:127.0.0.1]:${String(port)}/`, ['127.0.0.1'])
    assert.equal(mapped.kind, 'delivered')
  })

  test('to the addresses of a name that may be dialled, and to those that were checked', async () => {
    const url = `http://receiver.example:${String(port)}/`
    const outcome = await post(url, ['127.0.0.1'], ['10.0.0.1', 'fe80::1', '127.0.0.1'])
    assert.deepEqual(outcome, { kind: 'delivered', lookups: 1 })
    assert.deepEqual(hosts, [`receiver.example:${String(port)}`])
  })
})

suite('addresses', () => {
  const refusal = (address: string): string | undefined => addressRefusal(address, () => false)

  for (const address of ['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8']) {
    test(`${address} is public`, () => {
      assert.equal(refusal(address), undefined)
    })
  }

  for (const address of [
    '100.64.0.1',
    '0.1.2.3',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
  ]) {
    test(`${address} is not`, () => {
      assert.match(refusal(address) ?? '', / is (?:an? [a-z-]+|not a public) address$/)
    })
  }
})
