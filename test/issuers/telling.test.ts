/** Telling an identity provider of what ended here: each product's calls, as it documents them. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Delivery } from '../../src/domain/delivery.ts'
import { scopes, type Scope } from '../../src/domain/scope.ts'
import type { Receiver, SendOutcome } from '../../src/ports/delivery.ts'
import { createExchange } from '../../src/receivers/exchange.ts'
import { createProviderReceiver } from '../../src/receivers/providers/index.ts'
import { madeRevocation } from '../../src/testing/made-revocation.ts'
import { productCases, type ProductCase } from './providers/products.ts'
import { callsOf, startProvider, type ProviderServer } from './providers/server.ts'

interface World {
  readonly server: ProviderServer
  readonly receiver: Receiver
  nowMs: number
  tell(scope: Scope, key: string): Promise<SendOutcome>
}

const name = 'idp'

async function use(product: ProductCase, run: (world: World) => Promise<void>): Promise<void> {
  const server = await startProvider((heard) => product.answer(heard, server.url))
  const { url } = server
  const world: World = {
    server,
    nowMs: 1_700_000_000_500,
    receiver: createProviderReceiver({
      issuers: [{ name, issuer: product.issuer(url), tell: product.settings(url) }],
      exchange: createExchange({ isListed: () => true, setting: 'issuers' }),
      clock: {
        nowMs: () => world.nowMs,
        monotonicMs: () => world.nowMs,
        after: () => () => undefined,
      },
    }),
    tell(scope, key) {
      const facts = { scope, key, atMs: 1_700_000_000_500 }
      const delivery = { receiver: `provider:${name}`, facts } as unknown as Delivery
      return world.receiver.send(delivery, AbortSignal.timeout(120_000))
    },
  }
  try {
    await run(world)
  } finally {
    await server.close()
  }
}

for (const [kind, product] of Object.entries(productCases)) {
  const [first] = product.calls
  const { scope, key } = first ?? assert.fail(kind)
  const tokenCalls = product.tokenCall === undefined ? [] : [product.tokenCall]

  suite(`${kind} is told`, () => {
    for (const call of product.calls) {
      test(`of the end of ${call.scope}`, () =>
        use(product, async (world) => {
          assert.deepEqual(await world.tell(call.scope, call.key), { kind: 'delivered' })
          assert.deepEqual(callsOf(world.server), [...tokenCalls, ...call.expected])
        }))
    }

    test('only of what it has a call for, and of nothing that it has said itself', () =>
      use(product, ({ receiver, server }) => {
        const issuer = product.issuer(server.url)
        const owed = (one: Scope, actor: string, of = issuer) =>
          receiver.owesForeign?.({ ...madeRevocation(1, 0), scope: one, actor, issuer: of })
        const told = scopes.filter((one) => owed(one, 'operator:admin') !== undefined)
        assert.deepEqual(told.toSorted(), product.calls.map((call) => call.scope).toSorted())
        assert.equal(owed(scope, `issuer:${name}`), undefined)
        assert.equal(owed(scope, 'operator:admin', `${issuer}x`), undefined)
        assert.equal(owed(scope, 'operator:admin')?.name, name)
        return Promise.resolve()
      }))

    test('who is not known there has ended', () =>
      use(product, async (world) => {
        if (tokenCalls.length > 0) await world.tell(scope, key)
        world.server.instead.push(...first!.expected.map(() => product.unknown))
        assert.deepEqual(await world.tell(scope, key), { kind: 'delivered' })
      }))

    test('429 is tried again, when it says; 500 as well', () =>
      use(product, async (world) => {
        if (tokenCalls.length > 0) await world.tell(scope, key)
        world.server.instead.push({ status: 429, headers: { 'retry-after': '7' } })
        const later = { kind: 'again', error: 'it answered 429', retryAfterMs: 7000 }
        assert.deepEqual(await world.tell(scope, key), later)
        world.server.instead.push({ status: 500 })
        const again = { kind: 'again', error: 'it answered 500' }
        assert.deepEqual(await world.tell(scope, key), again)
      }))

    test('credentials that it does not take are tried again, with no word of them', () =>
      use(product, async (world) => {
        const said = { status: 401, body: { error: 'invalid_client' } }
        world.server.instead.push(said, said)
        const outcome = await world.tell(scope, key)
        assert.equal(outcome.kind, 'again')
        assert.match(outcome.error, /^(?:it|its token endpoint) answered 401$/)
      }))
  })
}

suite('tokens to call a provider with', () => {
  const { keycloak } = productCases
  const count = ({ server }: World): number =>
    callsOf(server).filter((call) => call === keycloak.tokenCall).length

  test('one is kept while it lives, and shared by calls at once', () =>
    use(keycloak, async (world) => {
      await Promise.all(['a', 'b', 'c'].map((key) => world.tell('subject', key)))
      await world.tell('subject', 'd')
      assert.equal(count(world), 1)
      world.nowMs += 3_600_000
      await world.tell('subject', 'e')
      assert.equal(count(world), 2)
    }))

  test('one that is not taken any more is replaced once', () =>
    use(keycloak, async (world) => {
      await world.tell('subject', 'a')
      world.server.instead.push({ status: 401 })
      assert.deepEqual(await world.tell('subject', 'b'), { kind: 'delivered' })
      assert.equal(count(world), 2)
      const { length } = world.server.heard
      // The token endpoint is asked between the two calls.
      world.server.instead.push({ status: 401 }, { status: 200, body: { access_token: 'x' } })
      assert.equal((await world.tell('subject', 'c')).kind, 'again')
      assert.equal(world.server.heard.length, length + 3)
    }))
})

suite('hostile names and answers', () => {
  test('a name that would be another place in a path is refused', () =>
    use(productCases.keycloak, async (world) => {
      for (const key of ['.', '..']) {
        assert.equal((await world.tell('subject', key)).kind, 'refused')
      }
      assert.deepEqual(world.server.heard, [])
    }))

  test('more sessions than a page are ended in turns', () =>
    use(productCases.zitadel, async (world) => {
      const sessions = Array.from({ length: 100 }, (_, at) => ({ id: String(at) }))
      world.server.instead.push({ status: 200, body: { sessions } })
      const outcome = await world.tell('subject', '163840')
      assert.equal(outcome.kind, 'again')
      assert.equal(world.server.heard.length, 101)
    }))

  test('Cognito: too many requests are a 400, which is tried again', () =>
    use(productCases.cognito, async (world) => {
      const type = 'TooManyRequestsException'
      world.server.instead.push({ status: 400, body: { __type: type } })
      const again = { kind: 'again', error: `it answered 400 ${type}` }
      assert.deepEqual(await world.tell('subject', 'aaaa-bbbb'), again)
    }))

  test('Okta and Auth0 say in seconds of Unix time when they take requests again', () =>
    use(productCases.okta, async (world) => {
      const headers = { 'x-rate-limit-remaining': '0', 'x-rate-limit-reset': '1700000009' }
      world.server.instead.push({ status: 429, headers })
      const again = { kind: 'again', error: 'it answered 429', retryAfterMs: 8500 }
      assert.deepEqual(await world.tell('subject', '00ub0oNG'), again)
    }))
})
