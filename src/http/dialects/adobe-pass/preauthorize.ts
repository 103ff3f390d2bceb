import type { Session } from '../../../domain/session.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { findAuthentication } from './authentication.ts'
import { denialOf } from './authorize.ts'
import { readDeviceCaller } from './caller.ts'
import { findByCode } from './check-authentication.ts'
import { authorizationDenied, notAuthenticated, passRefuse, tooManyResources } from './errors.ts'
import { requiredResource } from './parse.ts'
import type { Pass } from './pass.ts'
import { documentAnswer, enhancedError } from './render.ts'

/** `GET /api/v1/preauthorize` [F]: which of some resources the viewer may watch; 412 without AuthN. */
export async function preauthorize(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { deviceKey, parameters } = await readDeviceCaller(pass, request, { call: 'preauthorize' })
  const resources = readResources(pass, parameters)
  const session = await findAuthentication(pass, deviceKey)
  return decisions(pass, request, session ?? passRefuse(notAuthenticated), resources)
}

/** `GET /api/v1/preauthorize/{code}` [F]: the same for a second screen. */
export async function preauthorizeByCode(pass: Pass, request: DialectRequest): Promise<Answer> {
  const { session, parameters } = await findByCode(pass, request)
  const resources = readResources(pass, parameters)
  return decisions(pass, request, session ?? passRefuse(notAuthenticated), resources)
}

/** The comma-separated ids, each once, in their order. */
function readResources(pass: Pass, parameters: URLSearchParams): readonly string[] {
  const ids = requiredResource(parameters)
    .split(',')
    .map((id) => id.trim())
  const resources = [...new Set(ids)].filter((id) => id !== '')
  if (resources.length > pass.options.preauthorizedResources) passRefuse(tooManyResources)
  return resources
}

function decisions(
  pass: Pass,
  request: DialectRequest,
  session: Session,
  resources: readonly string[],
): Answer {
  const resource = resources.map((id) => decision(pass, request, session, id))
  const answer = documentAnswer(pass.options, request, 200, {
    xml: { resources: { resource } },
    json: { resources: resource },
  })
  return {
    ...answer,
    headers: {
      ...answer.headers,
      'adobe-request-id': request.requestId,
      'adobe-response-confidence': 'full',
    },
  }
}

function decision(
  pass: Pass,
  request: DialectRequest,
  session: Session,
  id: string,
): {
  readonly id: string
  readonly authorized: boolean
  readonly error?: Readonly<Record<string, string | number>>
} {
  const denial = denialOf(pass, session, id)
  if (denial === undefined) return { id, authorized: true }
  if (!pass.options.enhancedErrors) return { id, authorized: false }
  const error = enhancedError(pass.options, request, authorizationDenied(denial))
  return { id, authorized: false, error }
}
