import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Log } from '../ports/log.ts'
import {
  addressMatcher,
  ClientAddresses,
  isListenHost,
  PROBE_ADDRESS,
  rangeProblem,
  UNREADABLE_ADDRESS,
} from './client-address.ts'

function opened(trustedProxies: readonly string[]) {
  const warnings: Readonly<Record<string, unknown>>[] = []
  const quiet = (): void => undefined
  const log: Log = { info: quiet, error: quiet, warn: (fields) => warnings.push(fields) }
  return { addresses: new ClientAddresses(trustedProxies, log), warnings }
}

const forwardedFor = (value: string) => ({ 'x-forwarded-for': value })

describe('the last hop that a trusted proxy names', () => {
  const { addresses } = opened(['127.0.0.0/8', '::1'])
  for (const [hop, caller] of [
    ['203.0.113.9', '203.0.113.9'],
    ['203.0.113.9:5555', '203.0.113.9'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['2001:DB8:0::7', '2001:db8::7'],
    ['[::ffff:203.0.113.9]:1', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9:5555 , 127.0.0.2:80', '203.0.113.9'],
  ] as const) {
    test(`${hop} is ${caller}`, () => {
      assert.equal(addresses.of('127.0.0.1', forwardedFor(hop)), caller)
    })
  }
})

describe('what is not an address is unknown', () => {
  const unreadable = ['unknown', '_hidden', '', 'localhost', '1.2.3', '0177.0.0.1', '1.2.3.4:x']
  for (const hop of [...unreadable, '[::1', '1.2.3.4:', '[1.2.3.4]:5', '1.2.3.4 5', 'a, unknown']) {
    test(`"${hop}" is never the proxy, is in no range, and is logged once`, () => {
      const { addresses, warnings } = opened(['127.0.0.1'])
      for (let time = 0; time < 3; time++) {
        const caller = addresses.of('127.0.0.1', forwardedFor(hop))
        assert.equal(caller, UNREADABLE_ADDRESS)
        assert.equal(addressMatcher(['127.0.0.0/8', '0.0.0.0/0', '::/0'])(caller), false)
      }
      assert.deepEqual(warnings, [{ proxy: '127.0.0.1' }])
      assert.equal(addresses.notices.unreadable, 3)
    })
  }

  test('whatever a header says, a trusted proxy does not become the caller', () => {
    const { addresses } = opened(['127.0.0.1'])
    const hops = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('unknown', ' ', '[]'))
    fc.assert(
      fc.property(fc.array(hops, { minLength: 1 }), (list) => {
        const header = list.join(',')
        const caller = addresses.of('127.0.0.1', forwardedFor(header))
        if (caller === '127.0.0.1') {
          const named = header.split(',').every((hop) => /127\.0\.0\.1|7f00:0*1/i.test(hop))
          assert.ok(named, header)
        }
      }),
    )
  })
})

describe('a header from a peer that is not trusted', () => {
  test('is ignored, counted, and told once with the peer', () => {
    const { addresses, warnings } = opened([])
    assert.equal(addresses.of('172.17.0.1', forwardedFor('203.0.113.9')), '172.17.0.1')
    assert.equal(addresses.of('172.17.0.2', forwardedFor('unknown')), '172.17.0.2')
    assert.equal(addresses.of('::ffff:172.17.0.3', { forwarded: 'for=1.2.3.4' }), '172.17.0.3')
    assert.deepEqual(warnings, [{ peer: '172.17.0.1', header: 'X-Forwarded-For' }])
    const expected = { ignoredFrom: '172.17.0.1', ignored: 3, unreadable: 0 }
    assert.deepEqual(addresses.notices, expected)
  })

  test('says nothing about a request without one, nor about the doctor’s own question', () => {
    const { addresses, warnings } = opened([])
    addresses.of('172.17.0.1', {})
    addresses.of('172.17.0.1', forwardedFor(PROBE_ADDRESS))
    assert.deepEqual([warnings.length, addresses.notices.ignored], [0, 0])
  })

  test('`Forwarded` alone is not read from a trusted proxy either, and that is told', () => {
    const { addresses, warnings } = opened(['127.0.0.1'])
    addresses.of('127.0.0.1', { forwarded: 'for=203.0.113.9' })
    assert.deepEqual(warnings, [{ peer: '127.0.0.1', header: 'Forwarded' }])
  })
})

test('ranges that mean one thing', () => {
  const good = ['10.0.0.0/8', '10.1.2.3', '::1', 'fd00::/64', '::ffff:10.0.0.0/104', '0.0.0.0/0']
  for (const range of good) assert.equal(rangeProblem(range), undefined, range)
  assert.ok(addressMatcher(['::ffff:10.0.0.0/104'])('10.1.2.3'))
  const bad = [
    '10.0.0',
    '010.0.0.1',
    '10',
    '0x7f.1',
    '::ffff:10.0.0.0/8',
    '10.0.0.0/33',
    '',
    'fe80::1%lo',
  ]
  for (const range of bad) assert.notEqual(rangeProblem(range), undefined, range)
})

test('where a server may listen', () => {
  const good = ['127.0.0.1', '::1', '[::1]', '::1%lo', '[fe80::1%eth0]', '::', 'localhost', 'a.b-c']
  for (const host of [...good, 'node_1']) assert.ok(isListenHost(host), host)
  const bad = [
    '',
    ' ',
    '[::1',
    '::1]',
    '[127.0.0.1]',
    '127.1',
    'http://x',
    'x:80',
    '-a',
    'a..b',
    '1.2.3.4.5',
  ]
  for (const host of bad) assert.equal(isListenHost(host), false, host)
})
