/** How long a logout takes that is confirmed by guards, as its caller sees it. */
import { spread } from '../measure.ts'
import { aimText, spreadText, type Outcome, type Question, type Settings } from '../report.ts'
import { benchModule, Child, cores, stopAll } from '../http/child.ts'
import {
  BESIDE,
  compare,
  once,
  startOutright,
  type Contender,
  type Sample,
} from '../http/contenders.ts'
import { addCredential } from './credential.ts'
import type { SwarmInput } from './swarm.ts'

const GUARDS = 10
const P99_AIM_MS = 15
/** For one caller, and for the same number of callers as the other benches have. */
const CALLERS = [
  { connections: 1, tokens: 3000 },
  { connections: 64, tokens: 12_000 },
] as const

export const guardConfirmed: Question = {
  name: 'guard-confirmed',
  asks: `Logouts over HTTP, confirmed by ${String(GUARDS)} guards: p99 at most 15 ms for one caller`,
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  try {
    const guarded = await startGuarded()
    const other = settings.beside === undefined ? undefined : await startGuarded(settings.beside)
    const alone = await startOutright({ durability: 'full' })
    const contenders = CALLERS.flatMap(({ connections, tokens }): Contender[] => {
      const requests = { kind: 'logout', count: tokens } as const
      const callers = connections === 1 ? 'one caller' : `${String(connections)} callers`
      return [
        { ...once(`${String(GUARDS)} guards, ${callers}`, guarded, requests), connections },
        { ...once(`no guards, ${callers}`, alone, requests), connections },
        ...(other === undefined
          ? []
          : [{ ...once(`${BESIDE}, ${callers}`, other, requests), connections }]),
      ]
    })
    const { samples, note } = await compare(contenders, settings)
    return {
      title: `Confirmed logouts over HTTP (DirectLink, bearer), ${String(GUARDS)} guards`,
      header: ['what', 'p50 ms', 'p99 ms', 'aim', 'per second'],
      rows: [...samples].map(([name, taken], index) => row(name, taken, index === 0)),
      notes: ['The guards share a core with the client.', note],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
  }
}

/** A server with its guards. */
async function startGuarded(checkout?: string): Promise<{ child: Child; port: number }> {
  const server = await startOutright({ durability: 'full' }, checkout)
  const swarm = new Child(benchModule('guard/swarm.ts', checkout), cores.client)
  const credential = await addCredential(server.port, checkout)
  const input: SwarmInput = { port: server.port, credential, guards: GUARDS }
  await swarm.ask('join', input)
  return server
}

function row(name: string, taken: readonly Sample[], hasAim: boolean): string[] {
  const p99 = spread(taken.map(({ p99Ms }) => p99Ms))
  return [
    name,
    spreadText(spread(taken.map(({ p50Ms }) => p50Ms)), 2),
    spreadText(p99, 2),
    hasAim ? aimText(p99.median <= P99_AIM_MS, `p99 ≤ ${String(P99_AIM_MS)} ms`) : '',
    spreadText(spread(taken.map(({ perSecond }) => perSecond))),
  ]
}
