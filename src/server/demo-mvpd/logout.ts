import { createHmac, timingSafeEqual } from 'node:crypto'
import { readJson } from '../../http/body.ts'
import type { Answer, SurfaceRequest } from '../../http/surface.ts'
import { DEMO_MVPD, type DemoMvpdOptions } from './options.ts'
import { endSessions } from './sessions.ts'

const KIND = 'demo-mvpd-logout'
/** Older messages are copies. */
const WINDOW_MS = 5 * 60_000
const REMEMBERED_MS = 24 * 3_600_000

export interface ReceivedLogout {
  readonly user: string
  readonly requestor: string
  readonly revocationId: string
  readonly endedSessions: number
  readonly atMs: number
}

/**
 * `POST /demo/mvpd/logout`: a programmer's server says that a viewer logged out. Ends the viewer's
 * session here too, so that the next device asks for the password. 204, also for a repeated
 * message; 401 where the signature is not ours.
 */
export async function receiveLogout(
  options: DemoMvpdOptions,
  request: SurfaceRequest,
): Promise<Answer> {
  if (!isSigned(options.secret, request)) return { status: 401 }
  const { id, mvpd, userId, requestor, revocationId, sentAtMs } = readJson(request)
  const nowMs = options.clock.nowMs()
  const complete =
    mvpd === DEMO_MVPD &&
    typeof id === 'string' &&
    typeof userId === 'string' &&
    typeof requestor === 'string' &&
    typeof revocationId === 'string' &&
    typeof sentAtMs === 'number'
  if (!complete || Math.abs(nowMs - sentAtMs) > WINDOW_MS) return { status: 400 }
  // Messages arrive at least once; the second copy must not end a login that came after the first.
  if ((await options.store.findTicket(KIND, id)) !== undefined) return { status: 204 }
  const endedSessions = await endSessions(options, userId)
  const received: ReceivedLogout = {
    user: userId,
    requestor,
    revocationId,
    endedSessions,
    atMs: nowMs,
  }
  await options.store.putTicket({
    kind: KIND,
    key: id,
    value: JSON.stringify(received),
    expiresAtMs: nowMs + REMEMBERED_MS,
  })
  return { status: 204 }
}

/** What the provider was told, oldest first. */
export async function listLogouts(options: DemoMvpdOptions): Promise<readonly ReceivedLogout[]> {
  const tickets = await options.store.listTickets(KIND, '', 100)
  return tickets.map(({ value }) => JSON.parse(value) as ReceivedLogout)
}

function isSigned(secret: string, request: SurfaceRequest): boolean {
  const [, hex = ''] =
    /^sha256=([0-9a-f]{64})$/.exec(request.header('outright-signature') ?? '') ?? []
  const given = Buffer.from(hex, 'hex')
  const right = createHmac('sha256', secret).update(request.body).digest()
  return given.length === right.length && timingSafeEqual(given, right)
}
