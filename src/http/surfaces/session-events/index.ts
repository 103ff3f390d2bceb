/**
 * Open tabs hear it: `GET /outright/v1/session/events`, a stream that says when the session of the
 * token that opened it has ended. It owns who may listen, how many, and the wire form; what has
 * ended is known to the node.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Core } from '../../../core/core.ts'
import { refusalOf } from '../../../core/inspect.ts'
import type { AccessClaims } from '../../../verifier/claims.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import {
  eventStreamHeaders,
  EventStreams,
  heartbeat,
  HEARTBEAT_MS,
  serverEvent,
} from '../../event-streams.ts'
import type { Answer, Surface, SurfaceRequest } from '../../surface.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import { choice, constant, fields } from '../../schema.ts'
import { shownToken } from '../../shown-token.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'

export const sessionEvents: OwnModule<object> = definePlain({
  name: 'session-events',
  title: 'Open tabs',
  create: createSessionEvents,
})

const PATH = '/outright/v1/session/events'
/** Tabs of a browser share one stream, so a session needs far fewer than that. */
const LIMITS = { max: 10_000, maxPerSession: 32 }

function createSessionEvents(context: SurfaceContext): Surface {
  const { core, clock, node } = context
  const over = overTogether(core)
  const streams = new EventStreams(LIMITS)

  async function listen(request: SurfaceRequest): Promise<Answer> {
    const verdict = await core.proofs.verify(shownToken(request))
    if (!verdict.ok) {
      // A tab takes that for its sign-out.
      if (verdict.reason === 'revoked') await over()
      return refuse(refusalOf(verdict))
    }
    const { claims } = verdict
    const body = streams.open(claims.sid, (gone) => events({ node, clock, over }, claims, gone))
    return { status: 200, headers: eventStreamHeaders, body }
  }

  const route = routesWith(problemManners)(
    {
      method: 'GET',
      path: PATH,
      summary: 'Hear when a session ends',
      description:
        'Server-Sent Events for browsers. `ready` comes first; `signed-out` when the session of the ' +
        'token has been revoked and no verifier accepts it any more, `expired` when the token has ' +
        'expired; then the stream ends.',
      security: [{ accessToken: [] }],
      responses: {
        200: {
          description: 'The stream; the schema is that of each event',
          type: 'text/event-stream',
          schema: fields({
            event: choice(['ready', 'signed-out', 'expired'], {}),
            data: constant('{}'),
          }),
        },
        401: problemResponse('No token, or one that is not accepted'),
        429: problemResponse('The session has 32 streams open, or the node as many as it takes'),
        default: problemResponse(),
      },
    },
    ({ request }) => listen(request),
  )
  return {
    routes: [route],
    owns: (path) => path === PATH,
    renderFailure: problemAnswer,
    // Bearer tokens are not an ambient credential, so any origin may send one.
    cors: { origins: ['*'], requestHeaders: ['dpop'] },
  }
}

/**
 * Resolves when everything that has ended by now is over everywhere. Thousands of streams may end
 * in one turn: they wait together, from the end of that turn on.
 */
function overTogether(core: Core): () => Promise<unknown> {
  let asked: Promise<unknown> | undefined
  return () =>
    (asked ??= Promise.resolve().then(() => {
      asked = undefined
      return core.awaitEnded({ wait: true })
    }))
}

type End = 'signed-out' | 'expired' | 'unsure' | 'stopping'

/**
 * `ready`, comments while nothing happens, then one event that says why the stream ends. A person
 * relies on "signed out": so it is sent only when the session is over at every verifier. Where that
 * is unknown, the stream ends without an event and the tab asks again.
 */
async function* events(
  {
    node,
    clock,
    over,
  }: Pick<SurfaceContext, 'node' | 'clock'> & { readonly over: () => Promise<unknown> },
  claims: AccessClaims,
  gone: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let wake: (() => void) | undefined
  let end: End | undefined
  const finish = (why: End): void => {
    end ??= why
    wake?.()
  }
  const unwatch = node.watch(claims, () => {
    over().then(
      () => {
        finish('signed-out')
      },
      () => {
        finish('unsure')
      },
    )
  })
  const stop = (): void => {
    finish('stopping')
  }
  const ends = [node.stopping, gone]
  for (const one of ends) one.addEventListener('abort', stop)
  try {
    yield serverEvent('ready')
    while (end === undefined) {
      const leftMs = claims.exp * 1000 - clock.nowMs()
      if (leftMs <= 0) {
        end = 'expired'
        break
      }
      let cancel = (): void => undefined
      await new Promise<void>((resolve) => {
        wake = resolve
        cancel = clock.after(Math.min(HEARTBEAT_MS, leftMs), resolve)
      })
      cancel()
      // The compiler cannot see that the wait may have changed it.
      if ((end as End | undefined) === undefined) yield heartbeat
    }
    if (end === 'signed-out' || end === 'expired') yield serverEvent(end)
  } finally {
    unwatch()
    for (const one of ends) one.removeEventListener('abort', stop)
  }
}
