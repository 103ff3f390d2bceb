/** What a guard costs a server on `node:http`, and what it would cost to ask about each token. */
import type { Outcome, Question, Settings } from '../report.ts'
import { QuietGuard } from '../measure.ts'
import { benchModule, Child, cores, ownPids, stopAll } from '../http/child.ts'
import {
  again,
  BESIDE,
  compare,
  startFloor,
  startOutright,
  type Sample,
} from '../http/contenders.ts'
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

type Kinds = readonly (readonly [name: string, kind: Kind])[]

const kinds: Kinds = [
  [OURS, 'guarded'],
  [BARE, 'bare'],
  [AWAITED, 'awaited'],
  [ASKING, 'asking'],
]
const besideKinds: Kinds = [[BESIDE, 'guarded']]

async function run(settings: Settings): Promise<Outcome> {
  const quiet = new QuietGuard(ownPids, settings.retries)
  const samples = new Map<string, Sample[]>()
  try {
    const ours = await startSide(kinds)
    const sides =
      settings.beside === undefined ? [] : [await startSide(besideKinds, settings.beside)]
    const floor = await startFloor('null')
    for (let round = 0; round < settings.rounds; round++) {
      const servers = (await Promise.all([ours, ...sides].map(startServers))).flat()
      const contenders = [...servers, { name: NULL, requests: ours.requests, ...floor }].map(
        (server) => again(server.name, server, () => Promise.resolve(server.requests)),
      )
      const order = round % 2 === 0 ? contenders : contenders.toReversed()
      const taken = await compare(order, { ...settings, rounds: 1 }, quiet)
      for (const { name } of contenders) {
        samples.set(name, [...(samples.get(name) ?? []), ...(taken.samples.get(name) ?? [])])
      }
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

/** The code of one checkout: an Outright, what its guards need, and tokens that it signed. */
interface Side {
  readonly kinds: Kinds
  readonly port: number
  readonly credential: string
  readonly requests: string
  readonly checkout: string | undefined
}

async function startSide(sideKinds: Kinds, checkout?: string): Promise<Side> {
  const { child, port } = await startOutright({ durability: 'full' }, checkout)
  const credential = await addCredential(port, checkout)
  const requests = await child.ask<string>('prepare', { kind: 'check', count: TOKENS })
  return { kinds: sideKinds, port, credential, requests, checkout }
}

interface Server {
  readonly name: string
  readonly child: Child
  readonly port: number
  readonly requests: string
}

async function startServers(side: Side): Promise<readonly Server[]> {
  const servers: Server[] = []
  for (const [name, kind] of side.kinds) {
    const child = new Child(benchModule('guard/resource-server.ts', side.checkout), cores.server)
    const input: ResourceInput = { kind, port: side.port, credential: side.credential }
    const port = await child.ask<number>('start', input)
    servers.push({ name, child, port, requests: side.requests })
  }
  return servers
}
