/** What was answered survives: a database that dies, a network that breaks, a node that is killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Refusal } from '../../src/domain/failure.ts'
import type { Revocation } from '../../src/domain/revocation.ts'
import type { RevokeOutcome } from '../../src/ports/store.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import {
  openWithToken,
  revocation,
  rotation,
  session,
  times,
} from '../../src/stores/contract/samples.ts'
import type { PostgresStore } from '../../src/stores/postgres/store.ts'
import { startCluster } from '../../src/testing/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../../src/testing/tcp-proxy.ts'
import { openNode } from './temporary-postgres.ts'
import { until } from './until.ts'

const cluster = await startCluster()
after(() => cluster.stop())

/** Longer than any restart here takes: no call is refused, however often the connection is lost. */
const patienceMs = 60_000

interface Through {
  readonly node: PostgresStore
  readonly proxy: TcpProxy
  readonly heard: readonly Revocation[]
}

async function throughProxy(
  use: (through: Through) => Promise<void>,
  options: { readonly patienceMs: number } = { patienceMs },
): Promise<void> {
  const direct = await cluster.createDatabase()
  const proxy = await startTcpProxy(cluster)
  const url = new URL(direct)
  url.port = String(proxy.port)
  const node = await openNode(url.href, 'north', options)
  const heard: Revocation[] = []
  node.onCommitted((entries) => heard.push(...entries))
  try {
    await use({ node, proxy, heard })
  } finally {
    proxy.thaw()
    proxy.accept()
    await node.close()
    await proxy.close()
  }
}

/** Callers that log in, refresh and log out until told to stop; what was answered to them. */
function load(node: PostgresStore, callers: number) {
  const ended: { entry: Revocation; newest: ReturnType<typeof rotation> }[] = []
  const refused: unknown[] = []
  let stopped = false
  const caller = async (): Promise<void> => {
    while (!stopped) {
      try {
        const { sid, token } = await openWithToken(node)
        const first = rotation(token)
        assert.deepEqual(await node.rotate(first), { kind: 'rotated' })
        assert.ok(first.successor)
        const { revocation: entry, added } = await node.revoke(revocation({ key: sid }))
        assert.ok(added)
        ended.push({ entry, newest: rotation(first.successor) })
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        refused.push(error.failure)
      }
    }
  }
  const done = Promise.all(times(callers, caller))
  return {
    ended,
    refused,
    async stop() {
      stopped = true
      await done
    },
  }
}

async function checkAllInForce(
  node: PostgresStore,
  { ended }: Pick<ReturnType<typeof load>, 'ended'>,
): Promise<void> {
  assert.ok(ended.length > 0)
  for (const { entry, newest } of ended) {
    assert.deepEqual(await node.findRevocation(entry.id), entry)
    assert.deepEqual(await node.rotate(newest), { kind: 'revoked' })
  }
  await assertChain(node, (await node.head()).get(node.stream) ?? 0)
}

function checkHeardOnce(heard: readonly Revocation[]): void {
  assert.deepEqual(
    heard.map(({ sequence }) => sequence),
    times(heard.length, (index) => index + 1),
  )
}

describe('what was answered', () => {
  it('is in force after the database was killed under load, and no call was refused', async () => {
    const node = await openNode(await cluster.createDatabase(), 'north', { patienceMs })
    try {
      const heard: Revocation[] = []
      node.onCommitted((entries) => heard.push(...entries))
      const running = load(node, 16)
      for (const round of [1, 2, 3]) {
        await until(() => running.ended.length > round * 100)
        await cluster.kill()
        await cluster.restart()
      }
      const before = running.ended.length
      await until(() => running.ended.length > before)
      await running.stop()
      assert.deepEqual(running.refused, [])
      await checkAllInForce(node, running)
      checkHeardOnce(heard)
    } finally {
      await node.close()
    }
  })

  it('is in force after its connections were cut again and again', async () => {
    await throughProxy(async ({ node, proxy, heard }) => {
      const running = load(node, 16)
      for (let cuts = 1; cuts <= 25; cuts++) {
        const before = running.ended.length
        await until(() => running.ended.length > before)
        proxy.cut()
      }
      await running.stop()
      assert.deepEqual(running.refused, [])
      await checkAllInForce(node, running)
      checkHeardOnce(heard)
      assert.equal(heard.length, running.ended.length)
    })
  })

  it('survives the end of its node', async () => {
    const url = await cluster.createDatabase()
    const program = fileURLToPath(new URL('postgres-writer-child.ts', import.meta.url))
    const child = spawn(process.execPath, [program, url], { stdio: ['ignore', 'pipe', 'inherit'] })
    const answered: string[] = []
    createInterface(child.stdout).on('line', (id) => answered.push(id))
    await until(() => answered.length > 2_000)
    child.kill('SIGKILL')
    await once(child, 'close')
    const node = await openNode(url, 'north')
    try {
      const head = (await node.head()).get('north') ?? 0
      assert.ok(head >= answered.length)
      await assertChain(node, head)
      for (const id of answered) assert.ok(await node.findRevocation(id), id)
    } finally {
      await node.close()
    }
  })

  it('survives a failover to a synchronous standby', async () => {
    const primary = await startCluster()
    const direct = await primary.createDatabase()
    const standby = await primary.startStandby()
    const proxy = await startTcpProxy(primary)
    const url = new URL(direct)
    url.port = String(proxy.port)
    const node = await openNode(url.href, 'north', { patienceMs })
    try {
      const running = load(node, 16)
      await until(() => running.ended.length > 200)
      await primary.kill()
      proxy.redirect(standby)
      await standby.promote()
      const before = running.ended.length
      await until(() => running.ended.length > before + 50)
      await running.stop()
      assert.deepEqual(running.refused, [])
      await checkAllInForce(node, running)
    } finally {
      await node.close()
      await proxy.close()
      await standby.stop()
      await primary.stop()
    }
  })
})

describe('a connection that is lost in the moment of doubt', () => {
  const includes = (text: string) => (bytes: Buffer) => bytes.includes(text)
  for (const reaches of [true, false]) {
    const name = reaches ? 'after the commit was sent' : 'before the commit arrived'

    it(`${name}: a logout is stored once, and answered`, async () => {
      await throughProxy(async ({ node, proxy, heard }) => {
        await node.revoke(revocation())
        const cut = proxy.cutOnRequest({ matches: includes('log_append_alone'), reaches })
        const outcomes: RevokeOutcome[] = await Promise.all([
          node.revoke(revocation()),
          node.revoke(revocation()),
        ])
        await cut
        assert.deepEqual(
          outcomes.map(({ added, revocation: { sequence } }) => [added, sequence]),
          [
            [true, 2],
            [true, 3],
          ],
        )
        await assertChain(node, 3)
        checkHeardOnce(heard)
        assert.equal(heard.length, 3)
      })
    })

    it(`${name}: a logout of all raises its counter once`, async () => {
      await throughProxy(async ({ node, proxy }) => {
        const cut = proxy.cutOnRequest({ matches: includes('COMMIT'), reaches })
        const wide = revocation({ scope: 'subject', key: 'maria' })
        const { revocation: entry, added } = await node.revoke(wide)
        await cut
        assert.deepEqual([added, entry.generation, entry.sequence], [true, 1, 1])
        const of = { subjectId: 'maria', clientId: 'web', deviceKey: undefined }
        assert.equal((await node.generations(of)).subject, 1)
        await assertChain(node, 1)
      })
    })

    it(`${name}: a login and a refresh are done once, and answered`, async () => {
      await throughProxy(async ({ node, proxy }) => {
        const { token } = await openWithToken(node)
        const cut = proxy.cutOnRequest({ matches: includes('COMMIT'), reaches })
        const command = session()
        const [opened, rotated] = await Promise.all([
          node.openSession(command),
          node.rotate(rotation(token)),
        ])
        await cut
        assert.deepEqual(await node.findSession(command.sid), opened)
        assert.deepEqual(rotated, { kind: 'rotated' })
      })
    })
  }
})

describe('a database that does not answer', () => {
  it('has everything refused in time, and works again when it is back', async () => {
    await throughProxy(
      async ({ node, proxy, heard }) => {
        await node.revoke(revocation())
        proxy.freeze()
        const command = revocation()
        const started = performance.now()
        await assert.rejects(node.revoke(command), /store_unavailable/)
        await assert.rejects(node.findRevocation(command.id), /store_unavailable/)
        assert.ok(performance.now() - started < 10_000)
        proxy.thaw()
        await until(() =>
          node.revoke(revocation({ key: 'again' })).then(
            () => true,
            () => false,
          ),
        )
        // The refused one may have been stored or not; if it was, it was also told.
        const stored = await node.findRevocation(command.id)
        assert.equal(
          heard.some(({ id }) => id === command.id),
          stored !== undefined,
        )
        assert.equal((await node.revoke(command)).added, stored === undefined)
        checkHeardOnce(heard)
      },
      { patienceMs: 1_000 },
    )
  })

  it('has everything refused while it takes no connections', async () => {
    await throughProxy(
      async ({ node, proxy }) => {
        proxy.refuse()
        proxy.cut()
        await assert.rejects(node.ready(), /store_unavailable/)
        await assert.rejects(node.head(), /store_unavailable/)
        proxy.accept()
        await until(() =>
          node.ready().then(
            () => true,
            () => false,
          ),
        )
      },
      { patienceMs: 500 },
    )
  })

  it('keeps no caller waiting when the store is closed', async () => {
    await throughProxy(
      async ({ node, proxy }) => {
        proxy.freeze()
        const waiting = assert.rejects(node.revoke(revocation()), /store_unavailable/)
        await sleep(50)
        const closed = node.close()
        await waiting
        proxy.thaw()
        await closed
        await assert.rejects(node.revoke(revocation()), /store_unavailable/)
      },
      { patienceMs: 500 },
    )
  })
})
