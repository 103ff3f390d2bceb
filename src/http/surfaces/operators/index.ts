/**
 * Where operators sign in and out: the pages below `/console/` that are not the console's own. It
 * owns the forms and the cookie; what an operator may do is declared with each route of the admin
 * API. A sign-in is a session like any other (`core/operator-sessions.ts`).
 */
import { CONSOLE_DIALECT } from '../../../core/operator-sessions.ts'
import type { Failure } from '../../../domain/failure.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Answer, Surface, SurfaceRequest, Route } from '../../surface.ts'
import {
  challengePath,
  newPasskeyPath,
  passkeysPath,
  setUpPath,
  signInPath,
  signOnCallbackPath,
  signOnLogoutPath,
  signOnPath,
  signOutPath,
} from '../../operator-paths.ts'
import { oauthFailure } from '../../oauth-error.ts'
import { challengeRoute, challengeToSign } from '../../passkey-service.ts'
import { noticePage } from '../../form-page.ts'
import { scriptRoute } from '../../page-script.ts'
import { problemManners } from '../../problem-response.ts'
import { problems, withAdvice } from '../../problem.ts'
import { anything } from '../../schema.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { DEMO_OPERATOR } from '../../demo-people.ts'
import { operatorSchema, type OperatorSettings } from './options.ts'
import { askToRegister, changePasskeys, showPasskeys } from './passkeys.ts'
import { script, scriptPath } from './script.ts'
import { createService, type OperatorService } from './service.ts'
import { finishSignOn, hearLogout, startSignOn } from './single-sign-on.ts'
import { showSetUp, submitSetUp } from './set-up.ts'
import { showSignIn, signOut, submitSignIn } from './sign-in.ts'
import { wordsFor } from './words.ts'

export const operators: OwnModule<OperatorSettings> = defineOwn({
  name: 'operators',
  title: 'Operators',
  sessionDialect: { name: CONSOLE_DIALECT, title: 'Console' },
  options: operatorSchema,
  demo: {
    operators: [DEMO_OPERATOR],
    shown: { who: DEMO_OPERATOR.name, secret: DEMO_OPERATOR.password },
  },
  create: createOperators,
})

const declare = routesWith(problemManners)

const pageResponse = { description: 'A page', type: 'text/html' } as const
/** Pages that only look: the others begin or end a sign-in. */
const looks: ReadonlySet<string> = new Set([signInPath, passkeysPath, setUpPath])

const onward = { description: 'Signed in or out: onward' } as const

function createOperators(context: SurfaceContext, settings: OperatorSettings): Surface {
  const service = createService(context, settings.operators)
  const { singleSignOn: provider } = context.node
  const signOn = provider && { provider, roles: settings.operators.singleSignOn?.roles }
  const page = (
    method: 'GET' | 'POST',
    path: string,
    summary: string,
    handle: (service: OperatorService, request: SurfaceRequest) => Promise<Answer> | Answer,
  ): Route =>
    declare(
      {
        method,
        path,
        ...(method === 'GET' && looks.has(path) ? { alsoHead: true } : {}),
        summary,
        responses: {
          200: pageResponse,
          204: { description: 'Signed out' },
          303: onward,
          default: pageResponse,
        },
      },
      ({ request }) => handle(service, request),
    )
  const routes = [
    page('GET', signInPath, 'Where an operator signs in', showSignIn),
    page('POST', signInPath, 'Name and password of an operator', submitSignIn),
    page('POST', signOutPath, 'Ends the session of an operator', signOut),
    page('GET', passkeysPath, 'The passkeys of an operator', showPasskeys),
    page('POST', passkeysPath, 'Adds or removes a passkey', changePasskeys),
    challengeRoute(declare, newPasskeyPath, 'A challenge to make a passkey with', (request) =>
      askToRegister(service, request),
    ),
    challengeRoute(declare, challengePath, 'A challenge to sign in with', (request) =>
      challengeToSign(service, request),
    ),
    page('GET', setUpPath, 'Where an invitation leads', (_, request) => showSetUp(request)),
    page('POST', setUpPath, 'Accepts an invitation', submitSetUp),
    scriptRoute(scriptPath, script),
    ...(signOn === undefined
      ? []
      : [
          page('GET', signOnPath, 'Leads to the identity provider of operators', (_, request) =>
            startSignOn(service, signOn, request),
          ),
          page('GET', signOnCallbackPath, 'Back from the identity provider', (_, request) =>
            finishSignOn(service, signOn, request),
          ),
          logoutRoute((request) => hearLogout(service, signOn, request)),
        ]),
  ]
  return {
    routes,
    owns: (path) => routes.some((one) => one.path === path),
    renderFailure: (failure, request) =>
      request.path === signOnLogoutPath ? oauthFailure(failure) : pageFailure(failure, request),
  }
}

/** An identity provider calls it, so its errors are those of OAuth. */
function logoutRoute(handle: (request: SurfaceRequest) => Promise<Answer>): Route {
  return declare(
    {
      method: 'POST',
      path: signOnLogoutPath,
      summary: 'The identity provider of operators tells of a logout',
      responses: {
        200: { description: 'What the logout token names has ended' },
        default: { description: 'It is not good, or try again', schema: anything },
      },
    },
    ({ request }) => handle(request),
  )
}

/** A failure for people. Nothing of the request is in it. */
function pageFailure(failure: Failure, request: SurfaceRequest): Answer {
  const words = wordsFor(request)
  const { status } = problems[failure.kind]
  return withAdvice(noticePage(status, words, words.failed, words.again), failure)
}
