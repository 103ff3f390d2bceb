/** What a guard costs a server on `node:http`, and what it would cost to ask about each token. */
import type { Outcome, Question, Settings } from '../report.ts'
import { QuietGuard } from '../measure.ts'
import { Child, cores, ownPids, stopAll } from '../http/child.ts'
import { again, compare, startFloor, startOutright, type Sample } from '../http/contenders.ts'
import { rateHeader, rateRows } from '../http/rows.ts'
import { addCredential } from './credential.ts'
import type { ResourceInput } from './resource-server.ts'

const OURS = 'guarded, by `protectListener(…)`'
const AWAITED = 'guarded, by `await protect(…)`'
const BARE = 'not protected'
const ASKING = 'asks Outright about each token'
const NULL = 'a server that does nothing (the client’s limit)'
const TOKENS = 1000

export const guardHttp: Question = {
  name: 'guard-http',
  asks: 'Requests a second to a guarded node:http server: at least 0.8 of an unguarded one',
  run,
}

type Kind = ResourceInput['kind']

const kinds: readonly (readonly [name: string, kind: Kind])[] = [
  [OURS, 'guarded'],
  [BARE, 'bare'],
  [AWAITED, 'awaited'],
  [ASKING, 'asking'],
]

async function run(settings: Settings): Promise<Outcome> {
  const quiet = new QuietGuard(ownPids, settings.retries)
  const samples = new Map<string, Sample[]>([...kinds.map(([name]) => name), NULL].map(empty))
  try {
    const { child: outright, port } = await startOutright({ durability: 'full' })
    const credential = await addCredential(port)
    const requests = await outright.ask<string>('prepare', { kind: 'check', count: TOKENS })
    const same = (): Promise<string> => Promise.resolve(requests)
    const floor = await startFloor('null')
    for (let round = 0; round < settings.rounds; round++) {
      const servers = await startServers(port, credential)
      const contenders = [...servers, { name: NULL, ...floor }].map((server) =>
        again(server.name, server, same),
      )
      const order = round % 2 === 0 ? contenders : contenders.toReversed()
      const taken = await compare(order, { ...settings, rounds: 1 }, quiet)
      for (const [name, some] of taken.samples) samples.get(name)?.push(...some)
      await Promise.all(servers.map(({ child }) => child.stop()))
    }
    return {
      title: 'A resource server on `node:http`, 64 callers, 1,000 tokens',
      header: rateHeader,
      rows: rateRows(samples, OURS, { [BARE]: 0.8 }),
      notes: [
        'Each round has new processes: how one happens to lie in memory is worth up to a tenth.',
        'The server that asks shares its core with Outright; its CPU is without Outright’s.',
        quiet.note,
      ],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
  }
}

interface Server {
  readonly name: string
  readonly child: Child
  readonly port: number
}

async function startServers(port: number, credential: string): Promise<readonly Server[]> {
  const servers: Server[] = []
  for (const [name, kind] of kinds) {
    const child = new Child(new URL('./resource-server.ts', import.meta.url), cores.server)
    const input: ResourceInput = { kind, port, credential }
    servers.push({ name, child, port: await child.ask<number>('start', input) })
  }
  return servers
}

function empty(name: string): [string, Sample[]] {
  return [name, []]
}
