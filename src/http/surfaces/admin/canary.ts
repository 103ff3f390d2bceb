/**
 * `/canary/reports`: what canaries have found, for the console. A report is kept for a week, in the
 * table of short-lived records: it is small, never changed, and gone by itself.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Json } from '../../../domain/session.ts'
import { mintId } from '../../../core/mint-id.ts'
import type { WireReceipt } from '../../../protocol/admin-api.ts'
import {
  canaryKinds,
  canaryVerdicts,
  type NewCanaryReport,
  type WireCanaryPath,
  type WireCanaryReport,
} from '../../../protocol/canary.ts'
import { number } from '../../../settings/schema.ts'
import type { Route } from '../../surface.ts'
import { createRateLimit } from '../../rate-limit.ts'
import {
  answer,
  anyText,
  choice,
  count,
  flag,
  instant,
  listOf,
  orNull,
  strict,
  withRule,
} from '../../schema.ts'
import type { AdminContext } from './declare.ts'
import { moment, singleLine } from './inputs.ts'
import { listRouteOf } from './list.ts'
import { cursorOf, readCursor } from './page.ts'
import { time } from './wire.ts'

const tag = 'Canary'
const KIND = 'canary-report'
const KEPT_MS = 7 * 86_400_000
/** With the time for which they are kept, the bound on how many there are. */
const MAX_REPORTS_PER_MINUTE = 60
const MAX_PATHS = 32
const MAX_DETAIL = 500
/** No time of a round is longer. */
const MAX_MS = 3_600_000

const elapsedMs = number({ minimum: 0, maximum: MAX_MS })
const aroundMs = orNull(number({ minimum: -MAX_MS, maximum: MAX_MS }))

/** It may be empty. */
const detail = withRule(
  anyText(),
  (value) => value.length <= MAX_DETAIL && value.isWellFormed() && !/\p{Cc}/u.test(value),
  `must have at most ${String(MAX_DETAIL)} characters and no control characters`,
)

const path = strict<WireCanaryPath>(
  {
    name: singleLine(64),
    kind: choice(canaryKinds, {}),
    verdict: choice(canaryVerdicts, {}),
    afterRequestMs: aroundMs,
    afterAnswerMs: aroundMs,
    gapMs: aroundMs,
    accepted: count(),
    refused: count(),
    failed: count(),
    detail,
  },
  { name: 'CanaryPath' },
)

const members = {
  canary: singleLine(64),
  at: moment('RFC 3339'),
  logoutMs: elapsedMs,
  receipt: strict<WireReceipt>({
    confirmed: flag({}),
    acknowledged: count(),
    verifiers: count(),
    lapsed: count(),
    elapsedMs: count(),
  }),
  watchMs: count(),
  probeMs: count(),
  paths: listOf(path, { maxItems: MAX_PATHS }),
}

const report = answer<WireCanaryReport>(
  { ...members, id: anyText(), receivedAt: instant },
  { name: 'CanaryReport' },
)

export function canaryRoutes(context: AdminContext): readonly Route[] {
  return [addRoute(context), listRoute(context)]
}

/** `POST /canary/reports`: 429 with more than a canary sends. */
function addRoute({ core, clock, random, rateLimitFactor, route }: AdminContext): Route {
  const limit = createRateLimit(
    { points: MAX_REPORTS_PER_MINUTE, windowSeconds: 60 },
    { rateLimitFactor, clock },
  )
  return route(
    {
      method: 'POST',
      path: '/canary/reports',
      id: 'addCanaryReport',
      role: 'admin',
      tag,
      summary: 'Keep what a canary has found',
      body: strict<NewCanaryReport>(members),
      responses: { 201: { description: 'The report as it is kept', schema: report } },
    },
    async (call) => {
      const given = call.body()
      await limit.consume('all')
      const nowMs = clock.nowMs()
      const added = { ...given, id: keyOf(mintId(random, nowMs), nowMs), receivedAt: time(nowMs) }
      await core.records.put({
        kind: KIND,
        key: added.id,
        value: added as unknown as Json,
        expiresAtMs: nowMs + KEPT_MS,
      })
      return call.json(201, added)
    },
  )
}

/** `GET /canary/reports`: newest first. */
function listRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/canary/reports',
      id: 'listCanaryReports',
      tag,
      summary: 'What canaries have found in the last week, newest first',
      filters: {},
      item: report,
    },
    async (_wanted, { limit, cursor }) => {
      const after = cursor === undefined ? undefined : checked(readCursor(KIND, cursor))
      const found = await core.records.list(KIND, limit + 1, after)
      const shown = found.slice(0, limit)
      const last = shown.length < found.length ? shown.at(-1) : undefined
      const items = shown.map(({ value }) => value as unknown as WireCanaryReport)
      return { items, next: last === undefined ? null : cursorOf(KIND, last.key) }
    },
  )
}

/** Keys in the order of the list: the newest is the lowest. */
function keyOf(id: string, nowMs: number): string {
  return `${String(Number.MAX_SAFE_INTEGER - nowMs).padStart(16, '0')}-${id}`
}

function checked(key: string): string {
  if (/^\d{16}-[\da-f-]{36}$/.test(key)) return key
  return refuse({ kind: 'invalid_parameter', parameter: 'cursor', reason: 'not of this list' })
}
