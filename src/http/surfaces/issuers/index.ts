/**
 * What guards must know of other issuers, over HTTP: `/outright/v1/issuers`. It owns the request
 * alone; the issuers and their keys are the server's.
 */
import { refuse } from '../../../domain/failure.ts'
import { issuersPath, type WireIssuers } from '../../../protocol/issuers.ts'
import { group } from '../../../settings/schema.ts'
import { readAuthorization } from '../../authorization.ts'
import { singleParameter } from '../../body.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Route } from '../../surface.ts'
import { problemAnswer } from '../../problem.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'

export const issuers: OwnModule<object> = defineOwn({
  name: 'issuers',
  title: 'Other issuers, for guards',
  options: group<object>({}),
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
  return {
    method: 'GET',
    path: issuersPath,
    alsoHead: true,
    operation,
    async handle(request) {
      const authorization = readAuthorization(request)
      if (authorization?.scheme !== 'bearer') return refuse({ kind: 'credentials_missing' })
      await core.authenticateGuard(authorization.token)
      const issuer = singleParameter(request.query, 'issuer')
      const kid = singleParameter(request.query, 'kid')
      const wanted = issuer === undefined || kid === undefined ? undefined : { issuer, kid }
      let found: WireIssuers
      try {
        found = await node.issuers.document(wanted)
      } catch {
        return problemAnswer({ kind: 'stale' })
      }
      const headers = { 'content-type': 'application/json' }
      return { status: 200, headers, body: JSON.stringify(found) }
    },
  }
}

const operation: Route['operation'] = {
  summary: 'Other issuers, how their tokens are read, and their keys',
  description:
    'For guards, by their credential. `issuer` and `kid` name a key that a guard was not told of ' +
    'yet. `docs/feed.md` describes the document.',
  tags: ['feed'],
  security: [{ guardCredential: [] }],
  parameters: ['issuer', 'kid'].map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
  responses: {
    200: {
      description: 'The issuers',
      content: { 'application/json': { schema: { type: 'object' } } },
    },
    401: { description: 'The credential is missing or not a guard’s' },
    503: { description: 'At the moment it cannot be determined whether there is such a key' },
  },
}
