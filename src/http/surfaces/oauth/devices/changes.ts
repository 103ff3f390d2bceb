import { refuse } from '../../../../domain/failure.ts'
import {
  eventStreamHeaders,
  EventStreams,
  heartbeat,
  HEARTBEAT_MS,
  serverEvent,
} from '../../../event-streams.ts'
import type { Answer, SurfaceRequest } from '../../../surface.ts'
import { findSignOn, type SignOn } from '../browser.ts'
import type { OAuthService } from '../service.ts'
import { liveSessions } from './own-devices.ts'

/** Logins elsewhere are not in the log, so they are polled for. */
const LOOK_MS = 2000
/** The page looks no more often than this, however many logouts there are. */
const LEAST_PAUSE_MS = 200

const LIMITS = { max: 5000, maxPerSession: 8 }

/**
 * Makes the handler of `GET /devices/events`, a stream of Server-Sent Events for the page:
 * `changed` when its list has changed, `signed-out` when this login has ended. Each is sent once it
 * holds at every verifier.
 */
export function changesHandler(
  service: OAuthService,
): (request: SurfaceRequest) => Promise<Answer> {
  const streams = new EventStreams(LIMITS)
  return async (request) => {
    const signOn = await findSignOn(service, request)
    if (signOn === undefined) return refuse({ kind: 'credentials_missing' })
    const body = streams.open(signOn.sid, (gone) => changes(service, signOn, gone))
    // nginx would gather the events in its buffer.
    return {
      status: 200,
      headers: eventStreamHeaders,
      body,
    }
  }
}

async function* changes(
  service: OAuthService,
  signOn: SignOn,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { core, clock, node } = service
  let wake = (): void => undefined
  let hasNews = false
  const woken = (): void => {
    hasNews = true
    wake()
  }
  const wait = async (ms: number): Promise<void> => {
    await new Promise<void>((resolve) => {
      if (hasNews) return resolve()
      const cancel = clock.after(ms, resolve)
      wake = () => {
        cancel()
        resolve()
      }
    })
    hasNews = false
  }
  const unsubscribe = core.revocations.onCommitted(woken)
  const ends = [node.stopping, gone]
  const isOver = (): boolean => ends.some(({ aborted }) => aborted)
  for (const end of ends) end.addEventListener('abort', woken)
  try {
    let known = await listedNow(service, signOn)
    let saidMs = clock.monotonicMs()
    yield serverEvent('ready')
    while (!isOver()) {
      await wait(LOOK_MS)
      if (isOver()) return
      const now = await listedNow(service, signOn)
      const isOut = !now.includes(signOn.sid)
      let isSilent = false
      if (now !== known) await core.awaitEnded({ wait: true })
      if (isOut) return yield serverEvent('signed-out')
      if (now !== known) yield serverEvent('changed')
      else if (clock.monotonicMs() - saidMs >= HEARTBEAT_MS) yield heartbeat
      else isSilent = true
      if (!isSilent) saidMs = clock.monotonicMs()
      known = now
      await new Promise<void>((resolve) => {
        clock.after(LEAST_PAUSE_MS, resolve)
      })
    }
  } finally {
    unsubscribe()
    for (const end of ends) end.removeEventListener('abort', woken)
  }
}

/** What the page lists, in short: each session and who is in it. */
async function listedNow(service: OAuthService, signOn: SignOn): Promise<string> {
  const { items } = await liveSessions(service, signOn)
  return items
    .map(({ session, participants }) =>
      [session.sid, ...participants.filter(isLive).map((one) => one.session.participantId)].join(),
    )
    .join(' ')
}

function isLive({ state }: { readonly state: string }): boolean {
  return state === 'live'
}
