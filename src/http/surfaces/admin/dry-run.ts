/** What a revocation of this server's own sessions would end, for `POST /revocations` with `dryRun`. */
import type { Session, SessionStatus } from '../../../domain/session.ts'
import type { ClientSessions } from '../../../ports/store.ts'
import type { WireDryRun } from '../../../protocol/admin-api.ts'
import { SAMPLE_SIZE } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { isKnown, sessionsOf, type Target } from './known.ts'
import { namedIn, time, wireSession } from './wire.ts'

/** Clients that a dry run names, and sessions of which receivers are asked. */
const CLIENTS = 20
const ASKED = 200

const nothing = { count: 0, clients: [], found: [], untilMs: undefined } as const

/** The parts that would end. */
function partsIn(found: readonly SessionStatus[]): readonly Session[] {
  return found.flatMap(({ participants }) =>
    participants.filter(({ state }) => state === 'live').map(({ session }) => session),
  )
}

/**
 * What would end, without ending it.
 *
 * @param target What would end, here: `foreignDryRun` is for other issuers.
 * @returns How many sessions would end, with the newest of them, and by whom they are used.
 * @throws {Refusal} `store_unavailable`.
 */
export async function ownDryRun(
  { core, clock }: AdminContext,
  target: Target,
): Promise<WireDryRun> {
  const nowMs = clock.nowMs()
  const [known, live] = await Promise.all([isKnown(core, target), liveSessions()])
  const sample = live.found.slice(0, SAMPLE_SIZE)
  const named = namedIn(sample)
  const names = await core.findNames({
    ...named,
    clients: [...named.clients, ...live.clients.map(({ clientId }) => clientId)],
  })
  return {
    dryRun: true,
    ...target,
    issuer: '',
    cutoff: null,
    known,
    sessions: live.count,
    clients: live.clients.map(({ clientId, sessions }) => ({
      client: clientId,
      clientName: names.client(clientId) ?? null,
      sessions,
    })),
    receivers: core.revocations.wouldTell({ ...target, issuer: '' }, partsIn(live.found)),
    tokensValidUntil: live.untilMs === undefined ? null : time(live.untilMs),
    sample: sample.map((one) => wireSession(one, names)),
  }

  async function liveSessions(): Promise<{
    readonly count: number
    readonly clients: readonly ClientSessions[]
    /** The newest of them. */
    readonly found: readonly SessionStatus[]
    readonly untilMs: number | undefined
  }> {
    if (target.scope === 'session') {
      const status = await core.sessions.status(target.key)
      if (status?.state !== 'live') return nothing
      const { accessLifetimeMs, expiresAtMs } = status.session
      const untilMs = Math.min(nowMs + accessLifetimeMs, expiresAtMs)
      const clients = await core.sessions.countByClient(
        { sid: target.key, liveAtMs: nowMs },
        CLIENTS,
      )
      return { count: 1, clients, found: [status], untilMs }
    }
    const filter = sessionsOf(target)
    if (filter === undefined) return { ...nothing, untilMs: await lastExpiryMs() }
    const living = { ...filter, liveAtMs: nowMs }
    const [{ count }, clients, page] = await Promise.all([
      core.sessions.count(living),
      core.sessions.countByClient(living, CLIENTS),
      core.sessions.list(living, { limit: ASKED, cursor: undefined }),
    ])
    const untilMs = count === 0 ? undefined : await lastExpiryMs()
    return { count, clients, found: page.items, untilMs }
  }

  async function lastExpiryMs(): Promise<number> {
    return Math.max(nowMs, await core.sessions.lastAccessExpiryMs())
  }
}
