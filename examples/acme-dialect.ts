/**
 * A dialect of your own: a logout API that answers `GET /acme/bye?token=…` with one word. Name it
 * in `outright.config.ts`:
 *
 *     import { acme } from './acme-dialect.ts'
 *     export default { customDialects: [{ dialect: acme, options: { farewell: 'cheerio' } }] }
 *
 * Its options have a schema, which says what they may be: a file that misspells one is refused.
 */
import {
  defineDialect,
  refuse,
  settings,
  singleParameter,
  type Answer,
  type Surface,
  type SurfaceContext,
  type DialectModule,
  type SurfaceRequest,
  type Failure,
} from 'outright'

const audience = 'acme'

export interface AcmeOptions {
  readonly farewell: string
  readonly accessLifetimeMs: number
}

export const acme: DialectModule<AcmeOptions> = defineDialect({
  name: 'acme',
  title: 'Acme',
  options: settings.group<AcmeOptions>({
    farewell: settings.text({ description: 'what a logout answers', default: 'bye' }),
    accessLifetimeMs: settings.lifetime({ description: 'life of a token', default: 3_600_000 }),
  }),
  longestTokenMs: ({ accessLifetimeMs }) => accessLifetimeMs,
  create: createAcme,
})

function createAcme({ core }: SurfaceContext, options: AcmeOptions): Surface {
  // Parse: the request becomes what the core needs, or a failure.
  function parse(request: SurfaceRequest): string {
    const token = singleParameter(request.query, 'token', 4096)
    return token ?? refuse({ kind: 'missing_parameter', parameter: 'token' })
  }

  // Act: one verb of the core.
  async function bye(request: SurfaceRequest): Promise<Answer> {
    const token = parse(request)
    const wait = request.waitForConfirmation
    // Says "revoked" only when that is over everywhere.
    const claims = await core.inspectForLogout({ token, audience, wait })
    const { receipt } = await core.revoke({
      scope: 'session',
      key: claims.sid,
      reason: 'logout',
      actor: `subject:${claims.sub}`,
      wait,
    })
    return { ...word(200, options.farewell), receipt }
  }

  async function hello(request: SurfaceRequest): Promise<Answer> {
    const name = singleParameter(request.query, 'name') ?? 'somebody'
    const { access } = await core.openSession({
      subjectId: name,
      clientId: 'acme',
      dialect: 'acme',
      audience,
      accessLifetimeMs: options.accessLifetimeMs,
    })
    return word(200, access.token)
  }

  return {
    owns: (path) => path.startsWith('/acme/'),
    routes: [
      {
        method: 'GET',
        path: '/acme/hello',
        operation: { summary: 'Log in', responses: { 200: { description: 'A token' } } },
        handle: hello,
      },
      {
        method: 'GET',
        path: '/acme/bye',
        operation: { summary: 'Log out', responses: { 200: { description: 'bye' } } },
        handle: bye,
      },
    ],
    renderFailure: render,
  }
}

// Render: a failure becomes bytes, in this one place.
function render(failure: Failure): Answer {
  switch (failure.kind) {
    case 'missing_parameter':
    case 'invalid_parameter':
    case 'malformed_request':
      return word(400, 'pardon')
    case 'not_found':
      return word(404, 'where')
    case 'method_not_allowed':
      return word(405, 'how', { allow: failure.allow.join(', ') })
    case 'stale':
    case 'stopping':
    case 'store_unavailable':
    case 'internal':
      return word(503, 'later')
    default:
      return word(401, 'who')
  }
}

function word(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers }, body }
}
