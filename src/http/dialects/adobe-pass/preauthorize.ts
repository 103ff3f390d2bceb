import type { Session } from '../../../domain/session.ts'
import type { Call } from '../../declared-route.ts'
import type { Answer, Route } from '../../surface.ts'
import { anyText, fields, flag, listOf, optional } from '../../schema.ts'
import { findAuthentication } from './authentication.ts'
import { denialOf } from './authorize.ts'
import { findByCode } from './check-authentication.ts'
import { authorizationDenied, notAuthenticated, passRefuse, tooManyResources } from './errors.ts'
import type { Pass } from './pass.ts'
import { documentAnswer, enhancedError } from './render.ts'
import { deviceRoutes } from './device-call.ts'
import {
  codePath,
  document,
  enhancedErrorBody,
  error,
  format,
  passRoute,
  requestor,
  resource,
} from './wire.ts'

const responses = {
  200: document(
    'Decisions',
    fields({
      resources: listOf(
        fields({ id: anyText(), authorized: flag({}), error: optional(enhancedErrorBody) }),
      ),
    }),
    { resources: [{ id: 'TestStream1', authorized: true }] },
  ),
  400: error('Too many resources'),
  412: error('No viewer is logged in'),
}

export function preauthorizeRoutes(pass: Pass): readonly Route[] {
  return [...forDevices(pass), codeRoute(pass)]
}

/** `GET /api/v1/preauthorize` [F]: which of some resources the viewer may watch; 412 without AuthN. */
function forDevices(pass: Pass): readonly Route[] {
  return deviceRoutes(
    pass,
    {
      method: 'GET',
      path: '/api/v1/preauthorize',
      alsoHead: true,
      summary: 'Ask which of some resources the viewer may watch',
      query: { resource },
      responses,
      name: 'preauthorize',
    },
    async ({ deviceKey }, call) => {
      const resources = resourcesIn(pass, call.query('resource'))
      const session = (await findAuthentication(pass, deviceKey)) ?? passRefuse(notAuthenticated)
      return decisions(pass, call, session, resources)
    },
  )
}

/** `GET /api/v1/preauthorize/{code}` [F]: the same for a second screen. */
function codeRoute(pass: Pass): Route {
  return passRoute(
    {
      method: 'GET',
      path: '/api/v1/preauthorize/:code',
      alsoHead: true,
      summary: 'The same for a second screen',
      params: codePath,
      query: fields({ requestor, resource, format }),
      responses,
    },
    async (call) => {
      const session = await findByCode(pass, call, call.param('code'))
      const resources = resourcesIn(pass, call.query('resource'))
      return decisions(pass, call, session ?? passRefuse(notAuthenticated), resources)
    },
  )
}

/** The comma-separated ids, each once, in their order. */
function resourcesIn(pass: Pass, list: string): readonly string[] {
  const ids = list.split(',').map((id) => id.trim())
  const resources = [...new Set(ids)].filter((id) => id !== '')
  if (resources.length > pass.options.preauthorizedResources) passRefuse(tooManyResources)
  return resources
}

function decisions(
  pass: Pass,
  call: Pick<Call<undefined, undefined, typeof responses>, 'request' | 'json'>,
  session: Session,
  resources: readonly string[],
): Answer {
  const { request } = call
  const resource = resources.map((id) => {
    const denial = denialOf(pass, session, id)
    if (denial === undefined) return { id, authorized: true }
    if (!pass.options.enhancedErrors) return { id, authorized: false }
    const error = enhancedError(pass.options, request, authorizationDenied(denial))
    return { id, authorized: false, error: { ...error } }
  })
  const headers = {
    'adobe-request-id': request.requestId,
    'adobe-response-confidence': 'full',
  }
  const json = call.json(200, { resources: resource }, { headers })
  return documentAnswer(pass.options, request, json, { resources: { resource } })
}
