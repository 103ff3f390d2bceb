/** An authorization code opens or joins one session, whatever happens between its uses. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { issueCode, redeemCode, type Redemption } from '../../src/core/authorization-code.ts'
import { joinByCode } from '../../src/core/join-by-code.ts'
import type { CoreDependencies } from '../../src/core/dependencies.ts'
import { refuse } from '../../src/domain/failure.ts'
import type { Store } from '../../src/ports/store.ts'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer

before(async () => {
  server = await startTestServer()
})

after(async () => {
  await server.close()
})

const names = { subjectId: 'code-holder', clientId: 'code-client' }
const session = { audience: 'test', accessLifetimeMs: 600_000, refreshLifetimeMs: 600_000 }

async function obtain(): Promise<string> {
  const generations = await server.store.generations({ ...names, deviceKey: undefined })
  const grant = { ...names, generations, context: {}, dialect: 'test', lifetimeMs: 300_000 }
  return issueCode(dependencies(), grant)
}

function redeem(code: string, store: Partial<Store> = {}, graceMs = 600_000) {
  const redemption: Redemption = {
    dialect: 'test',
    code,
    graceMs,
    permit: () => Promise.resolve(),
    session,
  }
  return redeemCode(dependencies(store), redemption)
}

function dependencies(store: Partial<Store> = {}): CoreDependencies {
  const real = server.dependencies
  return { ...real, store: { ...real.store, ...store } }
}

async function live(): Promise<number> {
  const liveAtMs = server.dependencies.clock.nowMs()
  return (await server.store.countSessions({ ...names, liveAtMs })).count
}

const refused = (kind: string) => ({ message: kind })

suite('an authorization code', () => {
  test('opens one session for many callers at once, at whatever node', async () => {
    const code = await obtain()
    const before = await live()
    const calls = await Promise.allSettled(Array.from({ length: 20 }, () => redeem(code)))
    assert.equal(calls.filter(({ status }) => status === 'fulfilled').length, 1)
    assert.equal(await live(), before + 1)
  })

  test('is still good where its redemption could not be stored', async () => {
    const code = await obtain()
    const reason = 'the disk is full'
    const away = () => Promise.resolve().then(() => refuse({ kind: 'store_unavailable', reason }))
    await assert.rejects(redeem(code, { redeem: away }), refused('store_unavailable'))
    assert.ok((await redeem(code)).access.token)
    await assert.rejects(redeem(code), refused('token_invalid'))
  })

  test('opens no second session after a crash behind the commit; its next use ends the first', async () => {
    const code = await obtain()
    const before = await live()
    const crash: Store['redeem'] = async (command) => {
      await server.store.redeem(command)
      throw new Error('the process ended')
    }
    await assert.rejects(redeem(code, { redeem: crash }), refused('the process ended'))
    assert.equal(await live(), before + 1)
    await assert.rejects(redeem(code), refused('token_invalid'))
    assert.equal(await live(), before + 1, 'within the grace nothing ends')
    await assert.rejects(redeem(code, {}, -1), refused('token_invalid'))
    assert.equal(await live(), before)
  })

  test('ends the session of a use that it lost to', async () => {
    const code = await obtain()
    const before = await live()
    const { session: won } = await redeem(code)
    // Read before the other use was stored, as at another node.
    const unused = { attempts: 0, used: undefined }
    let reads = 0
    const stale: Store['findTicket'] = async (kind, key) => {
      const found = await server.store.findTicket(kind, key)
      if (found === undefined || reads++ > 0) return found
      return {
        ...found,
        ...unused,
        value: JSON.stringify({ ...JSON.parse(found.value), ...unused }),
      }
    }
    await assert.rejects(redeem(code, { findTicket: stale }, -1), refused('token_invalid'))
    assert.equal(await live(), before)
    assert.equal((await server.core.sessions.status(won.sid))?.state, 'revoked')
  })

  test('lets a client join in the commit that uses it up; its next use ends what it opened', async () => {
    const { session: opened } = await redeem(await obtain())
    const code = await obtain()
    const join = (store: Partial<Store> = {}) =>
      joinByCode(dependencies(store), {
        dialect: 'test',
        code,
        permit: () => undefined,
        join: () => ({ ...session, sid: opened.sid, attributes: { joined: true } }),
      })
    const parts = async () => {
      const status = await server.core.sessions.status(opened.sid)
      return status?.participants.map(({ state }) => state)
    }
    const away = () => Promise.reject(new Error('the process ended'))
    await assert.rejects(join({ redeem: away }), refused('the process ended'))
    assert.deepEqual(await parts(), ['live'], 'nothing was stored')
    const crash: Store['redeem'] = async (command) => {
      await server.store.redeem(command)
      throw new Error('the process ended')
    }
    await assert.rejects(join({ redeem: crash }), refused('the process ended'))
    assert.deepEqual(await parts(), ['live', 'live'])
    await assert.rejects(join(), refused('token_invalid'))
    assert.equal((await parts())?.at(-1), 'revoked')
  })
})
