/**
 * Invariant 7 through `kill -9`: the server has stored logouts and dies before a guard has heard of
 * them; the clients log out again when it is back. The guard holds a lease of the run that died,
 * and accepts until that ends: the second answers must not come before.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTcpProxy, type TcpProxy } from '../../src/testing/tcp-proxy.ts'
import { serverOf, sessionsOf, type EndedSession } from '../nodes/ended-sessions.ts'
import { Child } from '../nodes/processes.ts'

const module = fileURLToPath(new URL('serve-child.ts', import.meta.url))
/** Longer than a server needs to start again; where it was not, the next round has twice as much. */
const LEASE_MS = 5_000
const ROUNDS = 4

let dataDir: string
let child: Child
let network: TcpProxy
let guard: Guard

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'outright-again-'))
  child = serverWith(LEASE_MS)
  await child.start()
  network = await startTcpProxy(address())
  guard = createGuard({
    server: `http://${network.host}:${String(network.port)}`,
    credential: 'outright-demo-guard',
    name: 'far away',
  })
})

after(async () => {
  guard.close()
  await network.close()
  await child.kill()
  await rm(dataDir, { recursive: true, force: true })
})

function serverWith(leaseMs: number): Child {
  return new Child([module, dataDir, String(leaseMs)])
}

function address(): { readonly host: string; readonly port: number } {
  return { host: '127.0.0.1', port: Number(new URL(child.url).port) }
}

async function accepts(token: string): Promise<boolean> {
  return (await guard.check(token)).ok
}

async function isStored(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` }
  return (await serverOf(child).call('GET', '/outright/v1/check', { headers })).status === 401
}

/** Logs out, and kills the server when that is stored; what it sent to the guard is lost. */
async function endAndDie(sessions: readonly EndedSession[]): Promise<void> {
  network.freeze()
  const answers: unknown[] = []
  const first = sessions.map(({ logout }) =>
    logout(serverOf(child)).then(
      (reply) => answers.push(reply),
      () => undefined,
    ),
  )
  for (const { token } of sessions) {
    // Answered already: the lease is over, and the caller sees that the guard accepts nothing.
    while (answers.length === 0 && !(await isStored(token))) await sleep(2)
  }
  await child.kill()
  await Promise.all(first)
  network.cut()
  network.thaw()
}

async function logOutAgain({ dialect, token, logout }: EndedSession): Promise<void> {
  const reply = await logout(serverOf(child))
  assert.equal(await accepts(token), false, `${dialect}: ${reply.text}`)
  assert.ok(reply.status < 500, `${dialect}: ${reply.text}`)
  assert.match(reply.headers['outright-confirmed'] ?? '', /^1\/2;lapsed=1;/, dialect)
}

test('logouts that died with their server are answered again when its guards refuse', async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    await guard.ready()
    const sessions = await sessionsOf(serverOf(child), `device-${String(round)}`)
    for (const { token } of sessions) assert.ok(await accepts(token))
    await endAndDie(sessions)
    await child.start()
    const accepted = await Promise.all(sessions.map(({ token }) => accepts(token)))
    if (accepted.every(Boolean)) {
      await Promise.all(sessions.map((session) => logOutAgain(session)))
      return
    }
    // A busy machine: the lease has run out, and nothing can be tried this time.
    await child.kill()
    child = serverWith(LEASE_MS * 2 ** round)
    await child.start()
    network.redirect(address())
  }
  assert.fail('the server never came back within a lease')
})
