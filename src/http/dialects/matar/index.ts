/**
 * Matar: the wire API of the Matar app, a login by phone and one-time password in the manner of
 * Flask-JWT-Extended. This folder owns its login, refresh, current user and logout, and answers
 * every unknown path under `/api/v1`. What is stated, found and inferred is listed in
 * `docs/dialects/matar.md`.
 */
import type { Given } from '../../../settings/schema.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Surface } from '../../surface.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import { createActs } from './act.ts'
import { demo } from './demo.ts'
import { matarSchema, matarOptions, type MatarOptions } from './options.ts'
import { renderFailure } from './render.ts'
import { BASE_PATH, matarRoutes } from './routes.ts'

export type { MatarOptions } from './options.ts'

/** What Adobe Pass has under the same base. `logout` is in both and told apart by method. */
const adobePass: ReadonlySet<string> = new Set([
  'config',
  'authenticate',
  'checkauthn',
  'tokens',
  'authorize',
  'mediatoken',
  'preauthorize',
])

export const matar: DialectModule<MatarOptions> = defineDialect({
  name: 'matar',
  title: 'Matar',
  options: matarSchema,
  claimsRest: true,
  demo,
  longestTokenMs: ({ accessLifetimeMs }) => accessLifetimeMs,
  create: createMatar,
})

/**
 * Makes the dialect.
 *
 * @param context What every dialect is made from.
 * @param options What differs from the defaults.
 * @throws {TypeError} Where an option cannot be used.
 */
export function createMatar(context: SurfaceContext, options: Given<MatarOptions> = {}): Surface {
  const settings = matarOptions(options)
  const acts = createActs(context, settings, `${context.issuer}${context.prefix}${BASE_PATH}`)
  return { routes: matarRoutes(acts, settings.language), owns, renderFailure }
}

function owns(path: string): boolean {
  if (!path.startsWith(`${BASE_PATH}/`)) return false
  const [segment = ''] = path.slice(BASE_PATH.length + 1).split('/', 1)
  const [name = '', extension] = segment.split('.', 2)
  return !adobePass.has(name) && !(name === 'logout' && extension !== undefined)
}
