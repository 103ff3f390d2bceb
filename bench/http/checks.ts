/** Token checks a second: the same tokens come back, as they do from a proxy that asks each time. */
import type { Outcome, Question, Settings } from '../report.ts'
import { stopAll } from './child.ts'
import {
  again,
  besides,
  compare,
  startFloor,
  startOidcProvider,
  startOutright,
} from './contenders.ts'
import { rateHeader, rateRows } from './rows.ts'

const OURS = 'Outright'
const PEER = 'oidc-provider, in memory, introspection'
const FASTIFY = 'Fastify, an empty route'
const NULL = 'a server that does nothing (the client’s limit)'
const TOKENS = 1000

export const checks: Question = {
  name: 'checks',
  asks: 'Token checks a second, 1,000 tokens again and again: at least 4 times oidc-provider',
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  try {
    const ours = await startOutright({ durability: 'full' })
    const peer = await startOidcProvider('memory')
    const input = { kind: 'check', count: TOKENS }
    const requests = await ours.child.ask<string>('prepare', input)
    const same = (): Promise<string> => Promise.resolve(requests)
    const { samples, note } = await compare(
      [
        again(OURS, ours, same),
        {
          ...again(PEER, peer, () => peer.child.ask('prepare', input)),
          expects: '"active":true',
        },
        again(FASTIFY, await startFloor('fastify'), same),
        again(NULL, await startFloor('null'), same),
        ...(await besides(settings, (name, other) =>
          again(name, other, () => other.child.ask('prepare', input)),
        )),
      ],
      settings,
    )
    return {
      title: 'Token checks (`GET /outright/v1/check`), 64 callers, 1,000 tokens',
      header: rateHeader,
      rows: rateRows(samples, OURS, { [PEER]: 4 }),
      notes: [note],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
  }
}
