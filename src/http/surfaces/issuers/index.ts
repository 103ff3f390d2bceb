/**
 * What guards must know of other issuers, over HTTP: `/outright/v1/issuers`. It owns the request
 * alone; the issuers and their keys are the server's.
 */
import { refuse } from '../../../domain/failure.ts'
import type { Need, TokenRules } from '../../../domain/token-rules.ts'
import { issuersPath, type WireIssuer, type WireIssuers } from '../../../protocol/issuers.ts'
import type { SightingRules } from '../../../protocol/sightings.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import { requireGuard } from '../../require-guard.ts'
import {
  answer,
  anyText,
  anything,
  count,
  lenient,
  listOf,
  number,
  optional,
  orNull,
  text,
} from '../../schema.ts'
import type { Route } from '../../surface.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'

export const issuers: OwnModule<object> = definePlain({
  name: 'issuers',
  title: 'Other issuers, for guards',
  create: (context) => ({
    routes: [documentRoute(context)],
    owns: (path) => path === issuersPath,
    renderFailure: problemAnswer,
  }),
})

/**
 * `GET /outright/v1/issuers?issuer=…&kid=…`, for guards, by their credential.
 *
 * Where the query names a key that is not there, the issuer is asked for its keys, unless it was a
 * moment ago: 503 then, because it is unknown whether there is such a key.
 */
function documentRoute({ core, node }: SurfaceContext): Route {
  const route = routesWith({ ...problemManners, areParametersLenient: true })
  return route(form, async (call) => {
    await requireGuard(core, call.request)
    const { issuer, kid } = call.query()
    const wanted = issuer === undefined || kid === undefined ? undefined : { issuer, kid }
    let found: WireIssuers
    try {
      found = await node.issuers.document(wanted)
    } catch {
      return refuse({ kind: 'stale' })
    }
    return call.json(200, found)
  })
}

const claimNames = listOf(anyText())

const wireIssuer = answer<WireIssuer>({
  name: anyText(),
  issuer: anyText(),
  aliases: listOf(anyText()),
  rules: answer<TokenRules>({
    subject: claimNames,
    session: claimNames,
    client: claimNames,
    id: claimNames,
    audience: claimNames,
    loggedInAt: claimNames,
    types: listOf(anyText()),
    needs: listOf(answer<Need>({ claims: claimNames, values: optional(listOf(anyText())) })),
    never: claimNames,
  }),
  audience: listOf(anyText()),
  maxTokenLifeSeconds: number({ minimum: 0 }),
  clockSkewSeconds: number({ minimum: 0 }),
  keys: orNull(answer<NonNullable<WireIssuer['keys']>>({ keys: listOf(anything) })),
})

const form = {
  method: 'GET',
  path: issuersPath,
  alsoHead: true,
  summary: 'Other issuers, how their tokens are read, and their keys',
  description:
    'For guards, by their credential. `issuer` and `kid` name a key that a guard does not have ' +
    'yet. `docs/feed.md` describes the document.',
  tags: ['Feed of guards'],
  security: [{ guardCredential: [] }],
  query: lenient<{ readonly issuer?: string; readonly kid?: string }>({
    issuer: optional(text(2048)),
    kid: optional(text(2048)),
  }),
  responses: {
    200: {
      description: 'The issuers',
      schema: answer<WireIssuers>({
        issuers: listOf(wireIssuer),
        sightings: optional(answer<SightingRules>({ everyMs: count(), most: count() })),
      }),
    },
    401: problemResponse('The credential is missing or not a guard’s'),
    503: problemResponse('At the moment it cannot be determined whether there is such a key'),
    default: problemResponse(),
  },
} as const
