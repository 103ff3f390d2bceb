import { refuse } from '../../../../domain/failure.ts'
import type { Answer, SurfaceRequest } from '../../../surface.ts'
import { findSignOn, type SignOn } from '../browser.ts'
import type { OAuthService } from '../service.ts'
import { liveSessions } from './own-devices.ts'

/** A login elsewhere is not in the log, so it is polled for. */
const LOOK_MS = 2000
/** However much is logged out elsewhere, this page looks no more often. */
const LEAST_PAUSE_MS = 200
/** Proxies close what is silent for a minute. */
const HEARTBEAT_MS = 15_000

const MAX_STREAMS = 5000
const MAX_PER_SESSION = 8

/**
 * Makes the handler of `GET /devices/events`, a stream of Server-Sent Events for the page:
 * `changed` when what it lists has changed, `signed-out` when this login has ended; each when it is
 * so at every verifier.
 */
export function changesHandler(
  service: OAuthService,
): (request: SurfaceRequest) => Promise<Answer> {
  const open = new Map<string, number>()
  let streams = 0
  return async (request) => {
    const signOn = await findSignOn(service, request)
    if (signOn === undefined) return refuse({ kind: 'credentials_missing' })
    const { sid } = signOn
    const own = open.get(sid) ?? 0
    if (streams >= MAX_STREAMS || own >= MAX_PER_SESSION) {
      return refuse({ kind: 'rate_limited', retryAfterSeconds: 30 })
    }
    streams++
    open.set(sid, own + 1)
    const gone = new AbortController()
    gone.signal.addEventListener('abort', () => {
      streams--
      const left = (open.get(sid) ?? 1) - 1
      if (left > 0) open.set(sid, left)
      else open.delete(sid)
    })
    const body = untilGone(changes(service, signOn, gone.signal), gone)
    // nginx would gather the events in its buffer.
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
      body,
    }
  }
}

/**
 * Lets a generator be told at once that its reader has gone. By itself it would learn that at its
 * next event, and never where it was not begun.
 */
function untilGone(
  pieces: AsyncGenerator<Uint8Array>,
  gone: AbortController,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const piece = await pieces.next()
          if (piece.done === true) gone.abort()
          return piece
        } catch (error) {
          gone.abort()
          throw error
        }
      },
      return() {
        gone.abort()
        return pieces.return(undefined)
      },
    }),
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
    yield event('ready')
    while (!isOver()) {
      await wait(LOOK_MS)
      if (isOver()) return
      const now = await listedNow(service, signOn)
      const isOut = !now.includes(signOn.sid)
      let isSilent = false
      if (now !== known) await core.awaitEnded({ wait: true })
      if (isOut) return yield event('signed-out')
      if (now !== known) yield event('changed')
      else if (clock.monotonicMs() - saidMs >= HEARTBEAT_MS) yield Buffer.from(':\n\n')
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

function event(name: string): Buffer {
  return Buffer.from(`event: ${name}\ndata: {}\n\n`)
}
