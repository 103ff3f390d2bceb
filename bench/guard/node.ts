/** Outright in a process of its own that logs sessions out at a steady rate and times the guards. */
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { compose, type Composition } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { answerTasks } from '../http/child.ts'
import { ADMIN_TOKEN } from '../http/fill.ts'
import { collectGarbage, watchTasks } from '../http/watch.ts'
import { percentile } from '../measure.ts'

export interface StormInput {
  readonly perSecond: number
  readonly seconds: number
}

export interface StormFigures {
  readonly perSecond: number
  /** From the publication of a commit to the last acknowledgement. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lapsed: number
  /** How many the last logout had to wait for. */
  readonly verifiers: number
}

const STEP_MS = 5

let composition: Composition | undefined
let folder = ''

answerTasks({ ...watchTasks(), start, storm }, async () => {
  await composition?.close()
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<number> {
  folder = await mkdtemp(join(tmpdir(), 'outright-bench-'))
  const config = await loadConfig(
    {},
    { dataDir: folder, adminToken: ADMIN_TOKEN, accessLog: false, rateLimitFactor: 1e6 },
  )
  composition = await compose(config, {
    clock: systemClock,
    random: systemRandom(),
    log: silentLog,
    otpSender: { send: () => Promise.resolve() },
  })
  await composition.app.listen({ host: '127.0.0.1', port: 0 })
  return (composition.app.server.address() as AddressInfo).port
}

async function storm({ perSecond, seconds }: StormInput): Promise<StormFigures> {
  const sids = await openSessions(perSecond * seconds)
  collectGarbage()
  const receipts: ReturnType<typeof logout>[] = []
  const startedMs = performance.now()
  while (receipts.length < sids.length) {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond)
    while (receipts.length < Math.min(due, sids.length)) {
      receipts.push(logout(sids[receipts.length]!))
    }
    await pause(STEP_MS)
  }
  const spentMs = performance.now() - startedMs
  const all = await Promise.all(receipts)
  const elapsed = all.map(({ elapsedMs }) => elapsedMs)
  return {
    perSecond: sids.length / (spentMs / 1000),
    p50Ms: percentile(elapsed, 50),
    p99Ms: percentile(elapsed, 99),
    lapsed: Math.max(...all.map(({ lapsed }) => lapsed)),
    verifiers: all.at(-1)?.verifiers ?? 0,
  }
}

function openSessions(count: number): Promise<string[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const { session } = await core().openSession({
        subjectId: `subject-${String(index)}`,
        clientId: 'directlink',
        dialect: 'directlink',
        audience: 'directlink',
        accessLifetimeMs: 3_600_000,
      })
      return session.sid
    }),
  )
}

async function logout(
  key: string,
): Promise<{ elapsedMs: number; lapsed: number; verifiers: number }> {
  const { receipt } = await core().revoke({
    scope: 'session',
    key,
    reason: 'logout',
    actor: 'system',
    wait: true,
  })
  return receipt
}

function core(): Composition['core'] {
  if (composition === undefined) throw new Error('the server is not started')
  return composition.core
}
