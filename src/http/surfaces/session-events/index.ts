/**
 * Open tabs hear it: `GET /outright/v1/session/events`, a stream that says when the session of the
 * token that opened it has ended. It owns who may listen, how many, and the wire form; what has
 * ended is known to the node.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Core } from '../../../core/core.ts'
import { refusalOf } from '../../../core/inspect.ts'
import { group } from '../../../settings/schema.ts'
import type { AccessClaims } from '../../../verifier/claims.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Answer, Surface, SurfaceRequest } from '../../surface.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import { choice, constant, fields } from '../../schema.ts'
import { shownToken } from '../../shown-token.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'

export const sessionEvents: OwnModule<object> = defineOwn({
  name: 'session-events',
  title: 'Open tabs',
  options: group<object>({}),
  create: createSessionEvents,
})

const PATH = '/outright/v1/session/events'
/** Proxies close what is silent for a minute. A browser that left is noticed with the next one. */
const HEARTBEAT_MS = 15_000

const MAX_STREAMS = 10_000
/** Far more than tabs that share one stream need. One session must not take what is there for all. */
const MAX_PER_SESSION = 32

function createSessionEvents(context: SurfaceContext): Surface {
  const { core, clock, node } = context
  const over = overTogether(core)
  const bySession = new Map<string, number>()
  let streams = 0

  async function listen(request: SurfaceRequest): Promise<Answer> {
    const verdict = await core.proofs.verify(shownToken(request))
    if (!verdict.ok) {
      // A tab takes that for its sign-out.
      if (verdict.reason === 'revoked') await over()
      return refuse(refusalOf(verdict))
    }
    const { sid } = verdict.claims
    const ofSession = bySession.get(sid) ?? 0
    if (streams >= MAX_STREAMS || ofSession >= MAX_PER_SESSION) {
      return refuse({ kind: 'rate_limited', retryAfterSeconds: 30 })
    }
    streams++
    bySession.set(sid, ofSession + 1)
    const body = events({ node, clock, over }, verdict.claims, () => {
      streams--
      const left = (bySession.get(sid) ?? 1) - 1
      if (left > 0) bySession.set(sid, left)
      else bySession.delete(sid)
    })
    return { status: 200, headers: { 'content-type': 'text/event-stream' }, body }
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
  closed: () => void,
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
  node.stopping.addEventListener('abort', stop)
  try {
    yield event('ready')
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
      if ((end as End | undefined) === undefined) yield Buffer.from(':\n\n')
    }
    if (end === 'signed-out' || end === 'expired') yield event(end)
  } finally {
    unwatch()
    node.stopping.removeEventListener('abort', stop)
    closed()
  }
}

function event(name: string): Buffer {
  return Buffer.from(`event: ${name}\ndata: {}\n\n`)
}
