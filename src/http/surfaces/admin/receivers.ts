/** `/receivers`: everyone who is told of what ended, and how that goes. */
import type { ReceiverStatus } from '../../../core/list-receivers.ts'
import { receiverKind } from '../../../domain/delivery.ts'
import type { WireReceiver } from '../../../protocol/admin-api.ts'
import { answer, anyText, count, flag, instant, orNull } from '../../schema.ts'
import type { Route } from '../../surface.ts'
import type { AdminContext } from './declare.ts'
import { listRouteOf } from './list.ts'
import { cursorOf, readCursor, renderPage } from './page.ts'
import { time } from './wire.ts'

/** Its cursors are good for it alone. */
const LIST = 'receivers'

/** `GET /receivers`: by name. It asks none of them for anything. */
export function receiverRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/receivers',
      id: 'listReceivers',
      tag: 'Deliveries',
      summary: 'Who is told of what ended, by name',
      description:
        'Those that the configuration of the node that answers and the client registry know, and ' +
        'those that deliveries are stored for.',
      filters: {},
      item: receiver,
    },
    async (_wanted, { limit, cursor }) => {
      const after = cursor === undefined ? '' : readCursor(LIST, cursor)
      const { items, next } = await core.listReceivers({ after, limit })
      const page = { items, next: next === undefined ? undefined : cursorOf(LIST, next) }
      return renderPage(page, wireReceiver)
    },
  )
}

function wireReceiver(status: ReceiverStatus): WireReceiver {
  const { receiver: name, known, oldestOwedAtMs, lastDeliveredAtMs, lastFailure } = status
  return {
    name,
    kind: receiverKind(name),
    title: known?.title ?? null,
    standard: known?.standard ?? null,
    // Nothing else of a URL: a path or a query may be what keeps others out.
    host: URL.parse(known?.url ?? '')?.host || null,
    configured: status.isConfigured,
    owed: status.owed,
    dead: status.dead,
    oldestOwedAt: timeOrNull(oldestOwedAtMs),
    lastDeliveredAt: timeOrNull(lastDeliveredAtMs),
    lastFailure: lastFailure ? { at: time(lastFailure.atMs), reason: lastFailure.error } : null,
  }
}

function timeOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : time(ms)
}

const textOrNull = orNull(anyText())
const instantOrNull = orNull(instant)

const receiver = answer<WireReceiver>(
  {
    name: anyText(),
    kind: anyText(),
    title: textOrNull,
    standard: textOrNull,
    host: textOrNull,
    configured: flag({}),
    owed: count(),
    dead: count(),
    oldestOwedAt: instantOrNull,
    lastDeliveredAt: instantOrNull,
    lastFailure: orNull(
      answer<NonNullable<WireReceiver['lastFailure']>>({ at: instant, reason: anyText() }),
    ),
  },
  { name: 'Receiver' },
)
