/**
 * OAuth 2 and OpenID Connect: people log in here once, and any number of clients are let into that
 * login. It owns the endpoints, the pages and the forms on the wire. A login is a session like any
 * other: the browser is its first participant, each client joins it, and what ends the session ends
 * all of them. What a token is and how an end is stored belong to the core.
 */
import type { SurfaceContext } from '../../context.ts'
import { DEMO_PERSON } from '../../demo-people.ts'
import { OAUTH } from '../../oauth-client.ts'
import { oauthFailure } from '../../oauth-error.ts'
import type { Surface } from '../../surface.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { checkSessionRoutes } from './check-session.ts'
import { demo } from './demo.ts'
import { devicesPath } from './devices/page.ts'
import { loginPath } from './interaction.ts'
import { machineRoutes } from './machine-routes.ts'
import { userinfoPath } from './metadata.ts'
import { oauthSchema, type OAuthSettings } from './options.ts'
import { pageFailure } from './page-failure.ts'
import { pageRoutes } from './page-routes.ts'
import { createService } from './service.ts'
import { userinfoFailure } from './userinfo.ts'

export const oauth: OwnModule<OAuthSettings> = defineOwn({
  name: 'oauth',
  clientDialects: [{ name: OAUTH, title: 'OAuth' }],
  title: 'OAuth 2 and OpenID Connect',
  options: oauthSchema,
  demo,
  page: {
    path: devicesPath,
    name: 'Your devices',
    what: 'Where you are logged in, and how to end it',
    demoLogin: DEMO_PERSON,
  },
  longestTokenMs: ({ oauth: { accessLifetimeMs } }) => accessLifetimeMs,
  create: createOAuth,
})

function createOAuth(context: SurfaceContext, settings: OAuthSettings): Surface {
  const service = createService(context, settings.oauth)
  const frame = service.options.sessionManagement ? checkSessionRoutes(service) : []
  const [pages, programs] = [[...pageRoutes(service), ...frame], machineRoutes(service)]
  const paths = new Set([...pages, ...programs].map(({ path }) => path))
  const machinePaths = new Set(programs.map(({ path }) => path))
  return {
    routes: [...pages, ...programs],
    // Never with cookies, so not what people see.
    cors: {
      origins: service.options.origins,
      paths: machinePaths,
      requestHeaders: ['dpop'],
      exposedHeaders: ['DPoP-Nonce'],
    },
    owns: (path) => path.startsWith(`${loginPath}/`) || paths.has(path),
    renderFailure(failure, request) {
      if (request.path === userinfoPath) return userinfoFailure(failure, request)
      return machinePaths.has(request.path) ? oauthFailure(failure) : pageFailure(failure, request)
    },
  }
}
