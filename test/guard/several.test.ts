/** Several guards in a process of their own, before a real server: to it they are one verifier. */
import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createClient } from '../../src/client/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import type { Demand, Ended } from './children/guards-child.ts'
import { logIn } from './log-in.ts'

const program = fileURLToPath(new URL('children/guards-child.ts', import.meta.url))
const all = [0, 1, 2] as const

let server: TestServer
let client: ReturnType<typeof createClient>
let child: ChildProcess

before(async () => {
  server = await startTestServer({ oneNode: true })
  client = createClient({ server: server.url, token: 'outright-demo-admin' })
  child = fork(program, [server.url, 'outright-demo-guard'], { execArgv: [] })
  assert.deepEqual(await once(child, 'message'), ['ready', undefined])
})

after(async () => {
  child.kill('SIGKILL')
  await server.close()
})

async function ask(demand: Demand): Promise<unknown> {
  const answer = once(child, 'message')
  child.send(demand)
  const [said] = await answer
  return said
}

const verifiers = async (): Promise<unknown[]> =>
  (await client.verifiers()).filter(({ kind }) => kind === 'guard').map(({ name }) => name)

test('the server knows one verifier, and asks it once', async () => {
  assert.deepEqual(await verifiers(), ['orders'])
  const { sid } = await logIn(server)
  const { receipt } = await client.revoke({ scope: 'session', key: sid })
  assert.deepEqual([receipt?.verifiers, receipt?.acknowledged, receipt?.lapsed], [2, 2, 0])
})

test('a logout is answered when every guard has ended what was open', async () => {
  for (let round = 0; round < 20; round++) {
    const { token, sid } = await logIn(server)
    for (const guard of all) {
      assert.equal(await ask({ guard, act: 'watch', token }), 'accepted')
    }
    const ended: Ended[] = []
    const allEnded = new Promise<void>((resolve) => {
      child.on('message', function told(message) {
        if (ended.push(message as Ended) < all.length) return
        child.off('message', told)
        resolve()
      })
    })
    await client.revoke({ scope: 'session', key: sid })
    const answeredNs = process.hrtime.bigint()
    await allEnded
    assert.deepEqual(new Set(ended.map((one) => one.ended)), new Set(all))
    for (const { atNs } of ended) assert.ok(BigInt(atNs) < answeredNs)
    for (const guard of all) assert.equal(await ask({ guard, act: 'check', token }), 'revoked')
  }
})

test('guards that are made again in the turn in which all were closed are another verifier', async () => {
  const ids = async (): Promise<string[]> =>
    (await client.verifiers()).filter(({ kind }) => kind === 'guard').map(({ id }) => id)
  const before = await ids()
  assert.equal(await ask({ guard: 0, act: 'renew' }), 'ready')
  const now = await ids()
  assert.deepEqual([before.length, now.length], [1, 1], 'those that are closed are not counted')
  assert.notEqual(now[0], before[0])
  const { token, sid } = await logIn(server)
  for (const guard of all) assert.equal(await ask({ guard, act: 'check', token }), 'accepted')
  const { receipt } = await client.revoke({ scope: 'session', key: sid })
  assert.deepEqual([receipt?.verifiers, receipt?.acknowledged, receipt?.lapsed], [2, 2, 0])
  for (const guard of all) assert.equal(await ask({ guard, act: 'check', token }), 'revoked')
})

test('the last guard goes on when all others are closed, and then no guard is waited for', async () => {
  for (const guard of [0, 2]) assert.equal(await ask({ guard, act: 'close' }), 'closed')
  const [dead, live] = [await logIn(server), await logIn(server)]
  const check = (guard: number, { token }: typeof dead): Promise<unknown> =>
    ask({ guard, act: 'check', token })
  assert.deepEqual([await check(0, live), await check(1, live)], ['stale', 'accepted'])
  const { receipt } = await client.revoke({ scope: 'session', key: dead.sid })
  assert.deepEqual([receipt?.acknowledged, receipt?.lapsed], [2, 0])
  assert.deepEqual([await check(1, dead), await check(1, live)], ['revoked', 'accepted'])
  assert.deepEqual(await verifiers(), ['orders'])

  assert.equal(await ask({ guard: 1, act: 'close' }), 'closed')
  assert.equal(await check(1, live), 'stale')
  const { receipt: last } = await client.revoke({ scope: 'session', key: live.sid })
  // Closed guards acknowledge nothing: where they are waited for they lapse.
  assert.deepEqual([last?.verifiers, last?.acknowledged, last?.lapsed], [1, 1, 0])
})
