/** What is measured side by side: servers with the requests that they are asked, and the rounds. */
import { rm } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { QuietGuard, type Watched } from '../measure.ts'
import type { Settings } from '../report.ts'
import { installPeers } from '../peers/install.ts'
import { benchModule, Child, cores, ownPids } from './child.ts'
import type { LoadFigures, LoadInput } from './load.ts'
import type { PrepareInput, StartInput } from './server.ts'
import type { ServerFigures } from './watch.ts'

export interface Contender {
  readonly name: string
  readonly child: Child
  readonly port: number
  /**
   * The requests of one sample, as a file; undefined where a disturbed sample cannot be repeated.
   *
   * @param repeated Whether this is for a sample that was disturbed.
   */
  prepare(repeated: boolean): Promise<string | undefined>
  /** True: the same requests again and again. False: each is sent once, its file then removed. */
  readonly cycle: boolean
  /** Default 64. */
  readonly connections?: number
  /** Status of every answer; 200 or 201 where nothing is said. */
  readonly status?: number
  /** What an answer must hold where its status does not say that it is the right one. */
  readonly expects?: string
}

export type Sample = LoadFigures & ServerFigures

/** What the code of another checkout is called, in every table. */
export const BESIDE = 'the same of the other checkout'

const CONNECTIONS = 64
/** Long enough for an idle server to write its checkpoint and collect its garbage. */
const SETTLE_MS = 400

/**
 * Samples every contender once a round, in order, and in the opposite order in odd rounds. A first
 * round that does not count warms them up.
 *
 * @returns The samples of each, by round, and what the guard says of them.
 */
export async function compare(
  contenders: readonly Contender[],
  { seconds, rounds, retries }: Settings,
  guard: QuietGuard = new QuietGuard(ownPids, retries),
): Promise<{ readonly samples: ReadonlyMap<string, readonly Sample[]>; readonly note: string }> {
  const client = new Child(new URL('./load.ts', import.meta.url), cores.client)
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]))
  for (const contender of contenders) await take(contender, client, false, Math.min(1, seconds))
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? contenders : contenders.toReversed()
    for (const contender of order) {
      const sample = await guard.sample((repeated) =>
        take(contender, client, repeated, seconds, guard),
      )
      samples.get(contender.name)?.push(sample)
    }
  }
  await client.stop()
  return { samples, note: guard.note }
}

async function take(
  contender: Contender,
  client: Child,
  repeated: boolean,
  seconds: number,
  guard?: QuietGuard,
): Promise<Watched<Sample> | undefined> {
  const { child, port, cycle, name } = contender
  const requests = await contender.prepare(repeated)
  if (requests === undefined) return undefined
  await pause(SETTLE_MS)
  const connections = contender.connections ?? CONNECTIONS
  const input: LoadInput = { port, requests, connections, seconds, cycle, status: contender.status }
  const run = async (): Promise<Sample> => {
    await child.ask('begin')
    const load = await client.ask<LoadFigures>('load', input).catch((error: unknown) => {
      throw new Error(`${name} could not be measured`, { cause: error })
    })
    return { ...load, ...(await child.ask<ServerFigures>('end')) }
  }
  const taken = guard ? await guard.watch(run) : { value: await run(), others: 0 }
  if (taken.value.firstOdd !== undefined) {
    throw new Error(`${name} answered ${taken.value.firstOdd}`)
  }
  if (contender.expects !== undefined && !taken.value.first.includes(contender.expects)) {
    throw new Error(`${name} answered ${taken.value.first}`)
  }
  if (!cycle) await rm(requests)
  return taken
}

/**
 * Outright in a process of its own.
 *
 * @param checkout Whose code it runs; default this one's.
 */
export async function startOutright(
  input: StartInput,
  checkout?: string,
): Promise<{ child: Child; port: number }> {
  const options = process.env['OUTRIGHT_BENCH_NODE_OPTIONS']?.split(' ') ?? []
  const child = new Child(benchModule('http/server.ts', checkout), cores.server, options)
  return { child, port: await child.ask<number>('start', input) }
}

/** The other checkout's Outright as one more contender; none where no checkout is named. */
export async function besides(
  { beside }: Settings,
  contend: (name: string, server: { child: Child; port: number }) => Contender,
): Promise<readonly Contender[]> {
  if (beside === undefined) return []
  return [contend(BESIDE, await startOutright({ durability: 'full' }, beside))]
}

/** Does nothing at all (`null`), or is Fastify with one empty route. */
export async function startFloor(
  kind: 'null' | 'fastify',
): Promise<{ child: Child; port: number }> {
  const child = new Child(new URL('./floor.ts', import.meta.url), cores.server)
  return { child, port: await child.ask<number>('start', { kind }) }
}

/**
 * Oidc-provider, installed beside this file where it is not there yet.
 *
 * @param accessTokens Which it issues; default `opaque`, as it does of itself.
 */
export async function startOidcProvider(
  adapter: 'memory' | 'sqlite',
  accessTokens: 'opaque' | 'jwt' = 'opaque',
): Promise<{ child: Child; port: number }> {
  const child = new Child(new URL('oidc-provider.mjs', installPeers()), cores.server)
  return { child, port: await child.ask<number>('start', { adapter, accessTokens }) }
}

/** New requests for every sample, each of them sent once. */
export function once(
  name: string,
  { child, port }: { child: Child; port: number },
  input: PrepareInput,
): Contender {
  return { name, child, port, cycle: false, prepare: () => child.ask<string>('prepare', input) }
}

/** The same requests in every sample. */
export function again(
  name: string,
  { child, port }: { child: Child; port: number },
  prepare: () => Promise<string>,
): Contender {
  let prepared: Promise<string> | undefined
  return { name, child, port, cycle: true, prepare: () => (prepared ??= prepare()) }
}
