/**
 * Adobe Pass: the clientless API (REST v1) by which TV apps log viewers in at their TV provider,
 * ask what they may watch, and log the device out.
 *
 * This folder owns the wire forms and the order of the checks: `parse`, `access` and `caller` read
 * a request, one file for each group of calls acts, `render`, `errors` and `failures` answer. An
 * AuthN token is a session of the core, bound to the scope `device`; what makes it dead and how an
 * end is stored belong to the core. How a provider is told of a logout belongs to
 * `receivers/mvpd`.
 */
import type { Given } from '../../../settings/schema.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Answer, Surface, SurfaceRequest, Route } from '../../surface.ts'
import { defineDialect, type DialectModule } from '../../surface-module.ts'
import { accessTokenRoute } from './access-token.ts'
import { authenticateRoute } from './authenticate.ts'
import { authorizeRoutes } from './authorize.ts'
import { checkAuthenticationRoutes } from './check-authentication.ts'
import { configRoute } from './config.ts'
import { corsRules } from './cors.ts'
import { freePreviewRoutes } from './free-preview.ts'
import { callbackRoute } from './login.ts'
import { logoutCallbackRoute } from './logout-actions.ts'
import { logoutRoutes } from './logout.ts'
import { mediaTokenRoutes } from './media.ts'
import { metadataRoutes } from './metadata.ts'
import { preauthorizeRoutes } from './preauthorize.ts'
import { registerRoute } from './registration.ts'
import { registrationCodeRoutes } from './registration-code.ts'
import { authenticationTokenRoutes } from './tokens.ts'
import { PassRefusal } from './errors.ts'
import { demo } from './demo.ts'
import { adobePassSchema, adobePassOptions, type AdobePassOptions } from './options.ts'
import { ADOBE_PASS, createPass, type Pass } from './pass.ts'
import { errorAnswer, failureAnswer } from './render.ts'
import { createThrottle } from './throttle.ts'

export type { AdobePassOptions, Mvpd } from './options.ts'
export { viewerOf } from './authentication.ts'
export { CALLBACK_PATH } from './login.ts'
export { LOGOUT_CALLBACK_PATH } from './logout-actions.ts'
export { ADOBE_PASS } from './pass.ts'

/** `/api/v1/logout` is shared with another dialect, which answers there for other methods. */
const OWN_PATHS =
  /^(?:\/(?:reggie|o\/client)(?:\/|$)|\/api\/v1\/(?:config|authenticate|checkauthn|tokens|authorize|mediatoken|preauthorize)(?:[./]|$)|\/api\/v1\/logout(?:\.(?:xml|json)|\/callback)$)/

export const adobePass: DialectModule<AdobePassOptions> = defineDialect({
  name: ADOBE_PASS,
  title: 'Adobe Pass',
  options: adobePassSchema,
  demo,
  longestTokenMs: ({ accessLifetimeMs, mediaLifetimeMs }) =>
    Math.max(accessLifetimeMs, mediaLifetimeMs),
  create: createAdobePass,
})

/**
 * Makes the dialect.
 *
 * @param context The core and the installation.
 * @param options Each option's default where it is not given.
 * @throws {TypeError} Where an option would break a promise; it names the option.
 */
export function createAdobePass(
  context: SurfaceContext,
  options: Given<AdobePassOptions> = {},
): Surface {
  const settings = adobePassOptions(context.demo, options)
  const pass = createPass(context, settings)
  const throttle = createThrottle(context.clock, context.rateLimitFactor)
  const guarded = (route: Route): Route => ({
    ...route,
    handle: (request) => answer(pass, throttle, route, request),
  })
  return {
    routes: routesOf(pass).map(guarded),
    owns: (path) => OWN_PATHS.test(path),
    renderFailure: (failure, request) => failureAnswer(settings, context.prefix, failure, request),
    cors: corsRules,
  }
}

function routesOf(pass: Pass): readonly Route[] {
  return [
    registerRoute(pass),
    accessTokenRoute(pass),
    ...registrationCodeRoutes(pass),
    configRoute(pass),
    authenticateRoute(pass),
    callbackRoute(pass),
    ...freePreviewRoutes(pass),
    ...checkAuthenticationRoutes(pass),
    ...authenticationTokenRoutes(pass),
    ...authorizeRoutes(pass),
    ...mediaTokenRoutes(pass),
    ...preauthorizeRoutes(pass),
    ...metadataRoutes(pass),
    ...logoutRoutes(pass),
    logoutCallbackRoute(pass),
  ]
}

async function answer(
  pass: Pass,
  throttle: (address: string) => void,
  route: Route,
  request: SurfaceRequest,
): Promise<Answer> {
  throttle(request.clientAddress)
  try {
    return await route.handle(request)
  } catch (error) {
    if (error instanceof PassRefusal) return errorAnswer(pass.options, request, error.error)
    throw error
  }
}
