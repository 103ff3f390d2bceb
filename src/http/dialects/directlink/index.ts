/**
 * DirectLink: the wire API of Riversoft's STCP DirectLink, a file transfer service. This folder
 * owns its logins, logouts and token call, and one protected list that shows whether a bearer is
 * good; it transfers no files. What is stated, found and inferred is listed in
 * `docs/dialects/directlink.md`.
 */
import type { Given } from '../../../settings/schema.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Surface } from '../../surface.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import { createActs } from './act.ts'
import { createGoTime } from './go-time.ts'
import { demo } from './demo.ts'
import { directLinkSchema, directLinkOptions, type DirectLinkOptions } from './options.ts'
import { createRender } from './render.ts'
import { BASE_PATH, directLinkRoutes } from './routes.ts'

export type { DirectLinkOptions } from './options.ts'

export const directlink: DialectModule<DirectLinkOptions> = defineDialect({
  name: 'directlink',
  title: 'DirectLink',
  options: directLinkSchema,
  demo,
  longestTokenMs: ({ accessLifetimeMs }) => accessLifetimeMs,
  create: createDirectLink,
})

/**
 * Makes the dialect. Its `m=+…` times count from this moment.
 *
 * @param context What every dialect is made from.
 * @param options What differs from the defaults.
 * @throws {TypeError} Where an option cannot be used.
 */
export function createDirectLink(
  context: SurfaceContext,
  options: Given<DirectLinkOptions> = {},
): Surface {
  const settings = directLinkOptions(options)
  const baseUrl = `${context.issuer}${context.prefix}${BASE_PATH}`
  const acts = createActs(context, settings, baseUrl)
  const render = createRender(
    settings.apiver,
    baseUrl,
    createGoTime(context.clock, settings.timeZone),
  )

  return {
    routes: directLinkRoutes({ acts, render, settings }),
    owns: (path) => path === '/directlink' || path.startsWith('/directlink/'),
    renderFailure: (failure, request) => render.failure(failure, request),
  }
}
