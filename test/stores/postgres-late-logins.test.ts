/**
 * Logins that are being stored at one node while another ends them: each is dead on arrival or came
 * after, and those that are dead are found by planning, once, however late they are stored.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { EVERYONE, grantKey, type Scope } from '../../src/domain/scope.ts'
import type { Session } from '../../src/domain/session.ts'
import { end, planAll } from '../../src/stores/contract/delivery-samples.ts'
import { revocation, session } from '../../src/stores/contract/samples.ts'
import type { PostgresStore } from '../../src/stores/postgres/store.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../../src/testing/tcp-proxy.ts'
import { openNode } from './temporary-postgres.ts'
import { until } from './until.ts'

const server = await startPostgres({ settings: { fsync: 'off' } })
after(() => server.stop())

/** How late the answers are that a slow node gets: a login is two of them. */
const LATE_MS = 400
/** What has to happen meanwhile may take longer on a busy machine: then it is tried again, slower. */
const ATTEMPTS = 4

interface Nodes {
  /** Its network can be slow. */
  readonly slow: PostgresStore
  readonly network: TcpProxy
  readonly quick: PostgresStore
  /** Resolves when the slow node has a transaction open. */
  readonly storing: () => Promise<void>
}

async function withNodes(use: (nodes: Nodes) => Promise<void>): Promise<void> {
  const url = await server.createDatabase()
  const { hostname, port } = new URL(url)
  const network = await startTcpProxy({ host: hostname, port: Number(port) })
  const through = new URL(url)
  through.port = String(network.port)
  const slow = await openNode(through.href, 'slow')
  const quick = await openNode(url, 'quick')
  const watcher = new pg.Client({ connectionString: url })
  await watcher.connect()
  const storing = () =>
    until(async () => {
      const free = await watcher.query(
        `SELECT 1 FROM streams WHERE name = 'slow' FOR SHARE SKIP LOCKED`,
      )
      return free.rowCount === 0
    })
  try {
    await use({ slow, network, quick, storing })
  } finally {
    network.delayAnswers(0)
    await watcher.end()
    await Promise.all([slow.close(), quick.close()])
    await network.close()
  }
}

function login(node: PostgresStore, values: Parameters<typeof session>[0] = {}): Promise<Session> {
  return node.openSession(session({ dialect: 'tv', deviceKey: 'box', ...values }))
}

const wide: readonly (readonly [Scope, string])[] = [
  ['subject', 'maria'],
  ['client', 'web'],
  ['grant', grantKey('web', 'maria')],
  ['device', 'box'],
  ['everyone', EVERYONE],
]

describe('a login that is stored after the entry that ended it', () => {
  for (const [scope, key] of wide) {
    it(`is found where ${scope} was ended`, async () => {
      await withNodes(async ({ slow, network, quick, storing }) => {
        network.delayAnswers(LATE_MS)
        const opening = login(slow)
        await storing()
        const { revocation: entry } = await end(quick, scope, key)
        const planned = await planAll(quick)
        const { sid, generations } = await opening
        assert.ok((generations[scope as 'subject'] ?? 0) < entry.generation, 'dead on arrival')
        assert.deepEqual(planned, [sid])
        assert.deepEqual(await planAll(quick), [])
      })
    })
  }

  it('keeps planning waiting, and nothing else', async () => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (await nothingElseWaits(attempt * LATE_MS)) return
    }
    assert.fail('all of that while the login is being stored')
  })

  /** False where the login was stored before anything else was. */
  async function nothingElseWaits(lateMs: number): Promise<boolean> {
    let isMeanwhile = false
    await withNodes(async ({ slow, network, quick, storing }) => {
      network.delayAnswers(lateMs)
      let stored = false
      const opening = login(slow).then((opened) => {
        stored = true
        return opened
      })
      await storing()
      await end(quick, 'device', 'box')
      const planning = planAll(quick)
      await sleep(50)
      const later = await login(quick)
      await end(quick, 'device', 'box')
      await quick.revoke(revocation())
      isMeanwhile = !stored
      const { sid } = await opening
      const planned = [...(await planning), ...(await planAll(quick))]
      if (isMeanwhile) assert.deepEqual(planned, [sid, later.sid])
      else assert.deepEqual(new Set(planned), new Set([sid, later.sid]))
    })
    return isMeanwhile
  }
})
