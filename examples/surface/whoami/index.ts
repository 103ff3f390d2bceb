/**
 * Who a token belongs to: `GET /whoami` with a bearer. An example of a surface of Outright's own;
 * in the source this folder would be `src/http/surfaces/whoami`. It owns the one call; whether a
 * token is good is the core's business.
 */
import { refuse } from '../../../src/domain/failure.ts'
import { readAuthorization } from '../../../src/http/authorization.ts'
import type { SurfaceContext } from '../../../src/http/context.ts'
import { routesWith } from '../../../src/http/declared-route.ts'
import type { Route } from '../../../src/http/surface.ts'
import { problemAnswer } from '../../../src/http/problem.ts'
import { problemManners, problemResponse } from '../../../src/http/problem-response.ts'
import { anyText, fields, instant } from '../../../src/http/schema.ts'
import { defineOwn, type OwnModule } from '../../../src/http/surface-module.ts'
import { group, text } from '../../../src/settings/schema.ts'

export interface WhoamiSettings {
  readonly whoamiAudience: string
}

export const whoami: OwnModule<WhoamiSettings> = defineOwn({
  name: 'whoami',
  title: 'Who am I?',
  options: group<WhoamiSettings>({
    whoamiAudience: text({
      description: 'audience of the tokens that are asked about',
      default: 'octopus',
    }),
  }),
  create: (context, { whoamiAudience: audience }) => ({
    routes: [whoamiRoute(context, audience)],
    owns: (path) => path === '/whoami',
    renderFailure: problemAnswer,
  }),
})

const route = routesWith(problemManners)

function whoamiRoute({ core }: SurfaceContext, audience: string): Route {
  return route(
    {
      method: 'GET',
      path: '/whoami',
      alsoHead: true,
      summary: 'Who a token belongs to',
      security: [{ bearer: [] }],
      responses: {
        200: {
          description: 'The token is alive',
          schema: fields({ subject: anyText(), client: anyText(), expiresAt: instant }),
        },
        default: problemResponse(),
      },
    },
    async (call) => {
      const authorization = readAuthorization(call.request)
      if (authorization?.scheme !== 'bearer') return refuse({ kind: 'credentials_missing' })
      const {
        sub: subject,
        client_id: client,
        exp,
      } = await core.inspect(authorization.token, audience)
      return call.json(200, { subject, client, expiresAt: new Date(exp * 1000).toISOString() })
    },
  )
}
