/**
 * What is left to do at a viewer's provider, for clients that ask: the answer of version 2 of the
 * API [F], and the way back from the provider.
 */
import { rpInitiatedParameters } from '../../../domain/mvpd-logout.ts'
import { dictionary } from '../../../settings/schema.ts'
import { routesWith } from '../../declared-route.ts'
import type { Route } from '../../surface.ts'
import { problemManners } from '../../problem-response.ts'
import { receiptHeaderForms } from '../../receipt-headers.ts'
import type { ResponseForm } from '../../responses.ts'
import { answer, anyText, choice, fields, optional, repeatable } from '../../schema.ts'
import { findAuthentication, lastAuthentication, viewerOf } from './authentication.ts'
import type { DeviceCaller } from './device-call.ts'
import { page } from './page.ts'
import type { Pass } from './pass.ts'
import { errors, html, security } from './wire.ts'

/** Below the dialect's root: where providers send browsers back to after a logout. */
export const LOGOUT_CALLBACK_PATH = '/api/v1/logout/callback'

const KIND = 'adobe-logout'

interface LogoutAction {
  /**
   * - `logout`: a browser has to open `url`.
   * - `complete`: nothing is left to do in a browser.
   * - `invalid`: the device had no login.
   */
  readonly actionName: 'logout' | 'complete' | 'invalid'
  readonly actionType: 'interactive' | 'none'
  readonly mvpd: string
  readonly url?: string
}

interface LogoutActions {
  /** By provider. Empty where the device never had a login. */
  readonly logouts: Readonly<Record<string, LogoutAction>>
}

const action = answer<LogoutAction>(
  {
    actionName: choice(['logout', 'complete', 'invalid'], {}),
    actionType: choice(['interactive', 'none'], {}),
    mvpd: anyText(),
    url: optional(anyText()),
  },
  { name: 'AdobePassLogoutAction' },
)

export const logoutActionsDocument: ResponseForm<LogoutActions> = {
  description:
    'With redirectUrl: the viewer is logged out; what the browser has to do next, in JSON',
  schema: answer<LogoutActions>({ logouts: dictionary(action, {}) }),
  headers: receiptHeaderForms,
}

/** What a browser has to do once the device is logged out. */
export async function logoutActions(
  pass: Pass,
  { deviceKey }: DeviceCaller,
  redirect: string,
): Promise<LogoutActions> {
  const session = await findAuthentication(pass, deviceKey)
  const last = session ?? (await lastAuthentication(pass, deviceKey))?.session
  if (last === undefined) return { logouts: {} }
  const { mvpd, userId } = viewerOf(last)
  const none = { actionType: 'none', mvpd } as const
  if (session === undefined) return { logouts: { [mvpd]: { actionName: 'invalid', ...none } } }
  const logout = pass.mvpds.find(({ id }) => id === mvpd)?.logout
  if (logout?.kind !== 'rp-initiated') {
    return { logouts: { [mvpd]: { actionName: 'complete', ...none } } }
  }
  const state = await pass.core.handles.issue({
    kind: KIND,
    value: { redirect },
    lifetimeMs: pass.options.loginLifetimeMs,
  })
  const url = new URL(logout.url)
  const returnUrl = pass.baseUrl + LOGOUT_CALLBACK_PATH
  for (const [name, value] of rpInitiatedParameters(logout, { userId, returnUrl, state })) {
    url.searchParams.set(name, value)
  }
  const actionType = 'interactive'
  return { logouts: { [mvpd]: { actionName: 'logout', actionType, mvpd, url: url.href } } }
}

const route = routesWith({ ...problemManners, readParameters: ({ query }) => query })

/**
 * `GET /api/v1/logout/callback?state=…`: the browser comes back from the provider's logout, and
 * goes on to where the client asked for. Without a state of ours it has nowhere to go.
 */
export function logoutCallbackRoute(pass: Pass): Route {
  return route(
    {
      method: 'GET',
      path: LOGOUT_CALLBACK_PATH,
      summary: 'Come back from the provider’s logout',
      security,
      query: fields({
        state: optional(repeatable({ description: 'The logout that the provider was given' })),
      }),
      responses: {
        200: html('A page'),
        302: { description: 'To redirectUrl' },
        ...errors,
      },
    },
    async (call) => {
      const state = call.query('state') ?? ''
      const found = await pass.core.handles.find(KIND, state)
      if (found === undefined || !(await pass.core.handles.take(KIND, state))) return loggedOut
      const { redirect: location } = found as { readonly redirect: string }
      return call.empty(302, { headers: { location, 'referrer-policy': 'no-referrer' } })
    },
  )
}

const loggedOut = page(200, 'You are logged out', 'You can close this page now.')
