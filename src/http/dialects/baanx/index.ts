/**
 * Baanx: an API for cards and accounts, with two kinds of credentials. A person logs in with e-mail
 * address and password; an OAuth client gets a grant of that person. A logout ends the session of
 * the bearer, a revocation the grants of one OAuth client; each leaves the other alone.
 *
 * This folder owns the wire form, the client keys, the lock-out, and the authorization code grant
 * with its login page. Sessions, tokens and how they end belong to the core.
 */
import type { Given } from '../../../settings/schema.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Surface } from '../../surface.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import { demo } from './demo.ts'
import { grantRoutes } from './grant-routes.ts'
import { OAUTH_CLIENT } from './caller.ts'
import { loginRoutes } from './login-routes.ts'
import { baanxSchema, baanxOptions, type BaanxOptions } from './options.ts'
import { pagePath, pageRoutes, renderPageFailure } from './page.ts'
import { renderFailure } from './render.ts'
import { createService } from './service.ts'

export type { BaanxOptions } from './options.ts'

export const baanx: DialectModule<BaanxOptions> = defineDialect({
  name: 'baanx',
  clientDialects: [
    { name: 'baanx', title: 'Baanx' },
    { name: OAUTH_CLIENT, title: 'Baanx OAuth' },
  ],
  title: 'Baanx',
  options: baanxSchema,
  demo,
  longestTokenMs: ({ accessLifetimeMs }) => accessLifetimeMs,
  create: createBaanx,
})

/**
 * Makes the dialect.
 *
 * @param context The core and the installation.
 * @param options Each option's default where it is not given.
 * @throws {TypeError} Where an option cannot be used.
 */
export function createBaanx(context: SurfaceContext, options: Given<BaanxOptions> = {}): Surface {
  const service = createService(context, baanxOptions(options))
  return {
    routes: [...loginRoutes(service), ...grantRoutes(service), ...pageRoutes(service)],
    // Its published sample is a page that calls; the demo lets any do so.
    cors: { origins: context.demo ? ['*'] : [], requestHeaders: ['x-client-key', 'x-us-env'] },
    owns: (path) => /^\/v1\/(?:auth|user)(?:\/|$)/.test(path),
    renderFailure(failure, { path }) {
      const answer = renderFailure(failure, path)
      return path.endsWith(pagePath) ? renderPageFailure(failure, answer) : answer
    },
  }
}
