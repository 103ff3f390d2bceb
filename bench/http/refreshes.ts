/** Refreshes a second: a token used up, a new pair signed and stored, each on the disk. */
import type { Outcome, Question, Settings } from '../report.ts'
import { stopAll } from './child.ts'
import { besides, compare, once, startOidcProvider, startOutright } from './contenders.ts'
import { rateHeader, rateRows } from './rows.ts'

const OURS = 'Outright'
const OFF = 'Outright, disk switched off'
const PEER = 'oidc-provider, SQLite FULL, refresh_token grant'
const TOKENS = 16_000
const PEER_TOKENS = 3000

export const refreshes: Question = {
  name: 'refreshes',
  asks: 'Refreshes a second (Octopus) from 64 callers and 1,000 clients, beside oidc-provider',
  run,
}

async function run(settings: Settings): Promise<Outcome> {
  try {
    const ours = await startOutright({ durability: 'full' })
    const off = await startOutright({ durability: 'off' })
    const peer = await startOidcProvider('sqlite')
    const { samples, note } = await compare(
      [
        once(OURS, ours, { kind: 'refresh', count: TOKENS }),
        once(OFF, off, { kind: 'refresh', count: TOKENS }),
        once(PEER, peer, { kind: 'refresh', count: PEER_TOKENS }),
        ...(await besides(settings, (name, other) =>
          once(name, other, { kind: 'refresh', count: TOKENS }),
        )),
      ],
      settings,
    )
    return {
      title: 'Refreshes (Octopus), 64 callers',
      header: rateHeader,
      rows: rateRows(samples, OURS, {}),
      notes: [
        'Outright signs a JWT (ES256) a refresh; oidc-provider stores an opaque access token',
        note,
      ],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
  }
}
