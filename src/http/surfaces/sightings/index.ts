/**
 * What guards tell of logins at other issuers, over HTTP: `/outright/v1/sightings`. It owns the
 * request alone; what becomes known of logins is the server's.
 */
import type { Sighting } from '../../../domain/foreign-session.ts'
import { sightingRules, sightingsPath, type WireSightings } from '../../../protocol/sightings.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import { requireGuard } from '../../require-guard.ts'
import { anyText, count, lenient, listOf } from '../../schema.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'

export const sightings: OwnModule<object> = definePlain({
  name: 'sightings',
  title: 'Logins at other issuers, from guards',
  create: (context) => ({
    routes: [tellRoute(context)],
    owns: (path) => path === sightingsPath,
    renderFailure: problemAnswer,
  }),
})

/** `POST /outright/v1/sightings`, for guards, by their credential. Nothing waits for its commit. */
function tellRoute({ core, node }: SurfaceContext): Route {
  return routesWith(problemManners)(form, async (call) => {
    await requireGuard(core, call.request)
    for (const sighting of call.body().sightings) node.issuers.see(sighting)
    return call.empty(204)
  })
}

const name = anyText({ description: 'Empty: the token names none.' })

const form = {
  method: 'POST',
  path: sightingsPath,
  summary: 'Logins at other issuers whose tokens a guard has accepted',
  description:
    'For guards, by their credential, as the document of the issuers says. No tokens: the names of ' +
    'issuer, subject, session and client, and since when. `docs/feed.md` describes it.',
  tags: ['Feed of guards'],
  security: [{ guardCredential: [] }],
  bodyLimitBytes: 1_048_576,
  body: lenient<WireSightings>({
    sightings: listOf(
      lenient<Sighting>({
        issuer: anyText(),
        subject: anyText(),
        session: name,
        client: name,
        // A store may keep a greater one and fail to read it back: then no list would work.
        sinceSeconds: count({ maximum: Number.MAX_SAFE_INTEGER }),
      }),
      { maxItems: sightingRules.most },
    ),
  }),
  responses: { 204: { description: 'Noted' }, default: problemResponse() },
} as const
