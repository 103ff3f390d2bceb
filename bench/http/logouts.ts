/** Logouts a second, each on the disk before it is answered, and what they do to the event loop. */
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spread } from '../measure.ts'
import { aimText, type Outcome, type Question, type Settings } from '../report.ts'
import { stopAll } from './child.ts'
import {
  again,
  besides,
  compare,
  once,
  startFloor,
  startOidcProvider,
  startOutright,
  type Contender,
  type Sample,
} from './contenders.ts'
import { medianOf, rateHeader, rateRows } from './rows.ts'

const OURS = 'Outright'
const OFF = 'Outright, disk switched off'
const FRESH = 'Outright, tokens of an earlier process'
const PEER = 'oidc-provider, SQLite FULL, revoke'
const NULL = 'a server that does nothing (the client’s limit)'

/** Fewer than the server remembers, so that none of them is verified anew. */
const TOKENS = 20_000
const FRESH_TOKENS = 8000
const FRESH_SPARE = 3
const PEER_TOKENS = 4000
const STALL_AIM_MS = 20

export const logouts: Question = {
  name: 'logouts',
  asks:
    'Durable logouts a second from 64 callers: at least 0.5 of the same server without a disk, ' +
    '8 times oidc-provider; no stall of the event loop over 20 ms (p99)',
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  const dataDir = await mkdtemp(join(tmpdir(), 'outright-fresh-'))
  try {
    const fresh = await startFresh(dataDir, settings)
    const nothing = await startFloor('null')
    const ours = await startOutright({ durability: 'full' })
    const contenders: readonly Contender[] = [
      once(OURS, ours, { kind: 'logout', count: TOKENS }),
      once(OFF, await startOutright({ durability: 'off' }), { kind: 'logout', count: TOKENS }),
      fresh,
      once(PEER, await startOidcProvider('sqlite'), { kind: 'logout', count: PEER_TOKENS }),
      again(NULL, nothing, () => ours.child.ask('prepare', { kind: 'logout', count: 1000 })),
      ...(await besides(settings, (name, other) =>
        once(name, other, { kind: 'logout', count: TOKENS }),
      )),
    ]
    const { samples, note } = await compare(contenders, settings)
    return {
      title: 'Durable logouts (DirectLink, bearer), 64 callers',
      header: rateHeader,
      rows: rateRows(samples, OURS, { [OFF]: 0.5, [PEER]: 8 }),
      notes: [...stallNotes(samples), note],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Mints tokens in one process, and serves their logouts in the next one on the same folder. */
async function startFresh(dataDir: string, { rounds }: Settings): Promise<Contender> {
  const earlier = await startOutright({ durability: 'full', dataDir })
  const prepared: string[] = []
  // One more for the warm-up, and some to take disturbed samples again.
  for (let index = 0; index < rounds + 1 + FRESH_SPARE; index++) {
    const path = await earlier.child.ask<string>('prepare', { kind: 'logout', count: FRESH_TOKENS })
    const kept = `${path}.kept`
    await rename(path, kept)
    prepared.push(kept)
  }
  await earlier.child.stop()
  const spare = prepared.splice(0, FRESH_SPARE)
  const server = await startOutright({ durability: 'full', dataDir })
  return {
    name: FRESH,
    ...server,
    cycle: false,
    prepare: (repeated) => Promise.resolve(repeated ? spare.pop() : prepared.pop()),
  }
}

function stallNotes(samples: ReadonlyMap<string, readonly Sample[]>): string[] {
  return [OURS, FRESH].map((name) => {
    const taken = samples.get(name) ?? []
    const p99 = spread(taken.map(({ delayP99Ms }) => delayP99Ms)).median
    const worst = Math.max(...taken.map(({ delayMaxMs }) => delayMaxMs))
    return (
      `${name}: stalls of the event loop p50 ${medianOf(taken, 'delayP50Ms')} ms, ` +
      `p99 ${p99.toFixed(2)} ms (aim ${aimText(p99 <= STALL_AIM_MS, `≤ ${STALL_AIM_MS} ms`)}), ` +
      `largest ${worst.toFixed(1)} ms; memory ${medianOf(taken, 'rssMegabytes')} MB`
    )
  })
}
