/** What a guard costs a server on `node:http`, and what it would cost to ask about each token. */
import type { Outcome, Question, Settings } from '../report.ts'
import { Child, cores, stopAll } from '../http/child.ts'
import { again, compare, startFloor, startOutright } from '../http/contenders.ts'
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

async function run(settings: Settings): Promise<Outcome> {
  try {
    const { child: outright, port } = await startOutright({ durability: 'full' })
    const credential = await addCredential(port)
    const requests = await outright.ask<string>('prepare', { kind: 'check', count: TOKENS })
    const same = (): Promise<string> => Promise.resolve(requests)
    const resource = async (
      kind: ResourceInput['kind'],
    ): Promise<{ child: Child; port: number }> => {
      const child = new Child(new URL('./resource-server.ts', import.meta.url), cores.server)
      const input: ResourceInput = { kind, port, credential }
      return { child, port: await child.ask<number>('start', input) }
    }
    const { samples, note } = await compare(
      [
        again(OURS, await resource('guarded'), same),
        again(BARE, await resource('bare'), same),
        again(AWAITED, await resource('awaited'), same),
        again(ASKING, await resource('asking'), same),
        again(NULL, await startFloor('null'), same),
      ],
      settings,
    )
    return {
      title: 'A resource server on `node:http`, 64 callers, 1,000 tokens',
      header: rateHeader,
      rows: rateRows(samples, OURS, { [BARE]: 0.8 }),
      notes: [
        'The server that asks shares its core with Outright; its CPU is without Outright’s.',
        note,
      ],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
  }
}
