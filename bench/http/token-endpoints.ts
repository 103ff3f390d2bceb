/** Introspections and revocations a second, by a client that authenticates, beside oidc-provider. */
import type { Outcome, Question, Settings } from '../report.ts'
import { stopAll } from './child.ts'
import { again, compare, once, startOidcProvider, startOutright } from './contenders.ts'
import { rateHeader, rateRows } from './rows.ts'

const OURS = 'Outright'
const IN_MEMORY = 'oidc-provider, in memory'
const ON_DISK = 'oidc-provider, SQLite FULL'
const TOKENS = 1000
const REVOKED = 16_000
const PEER_REVOKED = 4000

export const introspection: Question = {
  name: 'introspection',
  asks: 'Introspections (RFC 7662) a second, 1,000 tokens again and again, beside oidc-provider',
  run: runIntrospection,
}

export const revocation: Question = {
  name: 'revocation',
  asks: 'Revocations (RFC 7009) of refresh tokens a second, on the disk, beside oidc-provider',
  run: runRevocation,
}

async function runIntrospection(settings: Settings): Promise<Outcome> {
  try {
    const ours = await startOutright({ durability: 'full' })
    const peer = await startOidcProvider('memory')
    const expects = '"active":true'
    const ask = { kind: 'introspection', count: TOKENS }
    const askPeer = { kind: 'check', count: TOKENS }
    const { samples, note } = await compare(
      [
        { ...again(OURS, ours, () => ours.child.ask('prepare', ask)), expects },
        { ...again(IN_MEMORY, peer, () => peer.child.ask('prepare', askPeer)), expects },
      ],
      settings,
    )
    return {
      title: 'Introspection (RFC 7662), 64 callers, 1,000 tokens',
      header: rateHeader,
      rows: rateRows(samples, OURS, {}),
      notes: [note],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
  }
}

async function runRevocation(settings: Settings): Promise<Outcome> {
  try {
    const ours = await startOutright({ durability: 'full' })
    const peer = await startOidcProvider('sqlite')
    const { samples, note } = await compare(
      [
        once(OURS, ours, { kind: 'revocation', count: REVOKED }),
        once(ON_DISK, peer, { kind: 'logout', count: PEER_REVOKED }),
      ],
      settings,
    )
    return {
      title: 'Revocation of refresh tokens (RFC 7009), 64 callers',
      header: rateHeader,
      rows: rateRows(samples, OURS, {}),
      notes: [note],
      figures: Object.fromEntries(samples),
    }
  } finally {
    await stopAll()
  }
}
