/** The routes of the pages: what people see. Their forms need no script. */
import { routesWith } from '../../declared-route.ts'
import { refuseForm } from '../../oauth-error.ts'
import { challengeRoute, challengeToSign } from '../../passkey-service.ts'
import { scriptRoute } from '../../page-script.ts'
import { passkeyScript } from '../../passkey-script.ts'
import type { Answer, Route, SurfaceRequest } from '../../surface.ts'
import { authorize } from './authorize.ts'
import { devicePath } from './device.ts'
import {
  deviceConfirmPath,
  showDevice,
  showDeviceConsent,
  submitDevice,
  submitDeviceConsent,
} from './device-page.ts'
import { changesHandler } from './devices/changes.ts'
import { showDevices, submitDevices } from './devices/index.ts'
import { devicesPath, devicesScriptPath } from './devices/page.ts'
import { consentPath, loginPath, passkeyLoginPath } from './interaction.ts'
import { showConsent, showLogin, submitConsent, submitLogin } from './login.ts'
import { leadOnPath, loggedOutPath, showLeadOn, showLoggedOut } from './logged-out.ts'
import { logout } from './logout.ts'
import { authorizePath, logoutPath } from './metadata.ts'
import { askToRegister, changePasskeys, showPasskeys } from './passkeys/index.ts'
import { newPasskeyPath, passkeyScriptPath, passkeysPath } from './passkeys/page.ts'
import type { OAuthService } from './service.ts'

export function pageRoutes(service: OAuthService): readonly Route[] {
  const page = (
    method: 'GET' | 'POST',
    path: string,
    summary: string,
    handle: (service: OAuthService, request: SurfaceRequest) => Promise<Answer>,
  ): Route =>
    declare(
      {
        method,
        path,
        ...(method === 'GET' && looks.has(path) ? { alsoHead: true } : {}),
        operationId: `${method.toLowerCase()}_${path.slice(1).replaceAll('/', '_')}`,
        summary,
        responses: { 200: pageResponse, 303: redirect, default: pageResponse },
      },
      ({ request }) => handle(service, request),
    )
  const asks = 'A client asks for a login (RFC 6749, section 4.1.1; OpenID Connect Core 1.0)'
  return [
    page('GET', authorizePath, asks, authorize),
    page('POST', authorizePath, `${asks}, as a form`, authorize),
    page('GET', loginPath, 'The login page', showLogin),
    page('POST', loginPath, 'Name and password, or what a passkey has signed', submitLogin),
    challengeRoute(declare, passkeyLoginPath, 'A challenge to log in with', (request) =>
      challengeToSign(service, request),
    ),
    page('GET', consentPath, 'The consent page', showConsent),
    page('POST', consentPath, 'Allow or deny', submitConsent),
    page('GET', devicePath, 'Asks for the code that a device shows (RFC 8628, 3.3)', showDevice),
    page('POST', devicePath, 'The code that a device shows', submitDevice),
    page('GET', deviceConfirmPath, 'Asks whether a device may come in', showDeviceConsent),
    page('POST', deviceConfirmPath, 'Allow or deny a device', submitDeviceConsent),
    page('GET', logoutPath, 'A client logs a person out (RP-Initiated Logout 1.0)', logout),
    page('POST', logoutPath, 'The same as a form, or the answer of the page that asks', logout),
    page('GET', loggedOutPath, 'Says that it is done', showLoggedOut),
    page('GET', devicesPath, 'Where a person is logged in, for that person', showDevices),
    page('POST', devicesPath, 'Ends one of them, or all but this', submitDevices),
    scriptRoute(devicesScriptPath, new URL('browser/devices.js', import.meta.url)),
    devicesEvents(service),
    page('GET', passkeysPath, 'A person’s passkeys, for that person', showPasskeys),
    page('POST', passkeysPath, 'Adds or removes a passkey', changePasskeys),
    challengeRoute(declare, newPasskeyPath, 'A challenge to make a passkey with', (request) =>
      askToRegister(service, request),
    ),
    scriptRoute(passkeyScriptPath, passkeyScript),
    declare(
      {
        method: 'GET',
        path: leadOnPath,
        alsoHead: true,
        operationId: 'get_logged_out_script',
        summary: 'What leads from the page before it back to the client',
        responses: { 200: { description: 'A script', type: 'text/javascript' } },
      },
      showLeadOn,
    ),
  ]
}

const declare = routesWith({ refuse: refuseForm })

const pageResponse = { description: 'A page', type: 'text/html' } as const
const redirect = { description: 'To a page, or back to the client' } as const

/** Pages that only look: the others begin or end something. */
const looks: ReadonlySet<string> = new Set([
  loginPath,
  consentPath,
  loggedOutPath,
  devicePath,
  deviceConfirmPath,
  devicesPath,
  passkeysPath,
])

function devicesEvents(service: OAuthService): Route {
  const follow = changesHandler(service)
  return declare(
    {
      method: 'GET',
      path: `${devicesPath}/events`,
      summary: 'Says when that list changes, as Server-Sent Events',
      responses: {
        200: { description: 'A stream without end', type: 'text/event-stream' },
        default: pageResponse,
      },
    },
    ({ request }) => follow(request),
  )
}
