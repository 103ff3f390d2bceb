/** `/statistics`: what the node that answers has counted and measured. */
import type { WireStatistics } from '../../../protocol/admin-statistics.ts'
import { recent } from '../../recent.ts'
import type { Route } from '../../surface.ts'
import {
  answer,
  anyText,
  count,
  dictionary,
  flag,
  instant,
  listOf,
  number,
  orNull,
  type Schema,
} from '../../schema.ts'
import type { AdminContext } from './declare.ts'
import { time } from './wire.ts'

const HOUR_MS = 3_600_000
const HOURS = 24

/** How old the count of sessions may be: it reads every session of the day. */
const COUNT_EVERY_MS = 30_000

/** How old the answer may be whether this node can commit: it is found out by a commit. */
const COMMIT_EVERY_MS = 5_000

/** `GET /statistics`. What a node counts is its own; sessions and deliveries are of all nodes. */
export function statisticsRoute({ core, clock, node, route }: AdminContext): Route {
  const openings = recent(clock, COUNT_EVERY_MS, () => {
    const fromMs = (Math.floor(clock.nowMs() / HOUR_MS) - HOURS + 1) * HOUR_MS
    return core.sessions.openings({ fromMs, stepMs: HOUR_MS })
  })
  const refusal = recent(clock, COMMIT_EVERY_MS, () => node.refusal())
  return route(
    {
      method: 'GET',
      path: '/statistics',
      id: 'statistics',
      role: 'viewer',
      tag: 'Verifiers',
      summary: 'What this node has counted and measured since it started',
      description:
        'From the instruments of `/metrics`. Confirmation times are a histogram: each bucket counts those that took at most so long.',
      responses: { 200: { description: 'The statistics', schema: statistics } },
    },
    async (call) => {
      const [measured, reason, opened] = await Promise.all([
        node.statistics(),
        refusal(),
        openings(),
      ])
      const { startedAtMs, isCurrent, deliveries, ...others } = measured
      return call.json(200, {
        node: node.hub.verifiers()[0]?.name ?? '',
        version: node.version,
        startedAt: time(startedAtMs),
        current: isCurrent,
        refusal: reason ?? null,
        ...others,
        deliveries: deliveries ?? null,
        openings: opened.map(({ fromMs, sessions }) => ({ from: time(fromMs), sessions })),
      })
    },
  )
}

const statistics: Schema<WireStatistics> = answer<WireStatistics>(
  {
    node: anyText(),
    version: anyText(),
    startedAt: instant,
    current: flag({}),
    refusal: orNull(anyText()),
    confirmation: answer<WireStatistics['confirmation']>({
      count: count(),
      sumMs: count(),
      lapsed: count(),
      buckets: listOf(
        answer<WireStatistics['confirmation']['buckets'][number]>({
          upToSeconds: orNull(number({})),
          count: count(),
        }),
      ),
    }),
    revocations: dictionary(count(), {}),
    replicaEntries: count(),
    guardConnections: count(),
    clockLeadMs: count({ minimum: -Number.MAX_SAFE_INTEGER }),
    deliveries: orNull(
      answer<NonNullable<WireStatistics['deliveries']>>({
        owed: count(),
        dead: count(),
        oldestOwedMs: count(),
      }),
    ),
    openings: listOf(
      answer<WireStatistics['openings'][number]>({ from: instant, sessions: count() }),
    ),
  },
  { name: 'Statistics' },
)
