/**
 * `/`: what this server is and where to look, for a person with a browser. Programs that ask there
 * get a problem document, as on any path that nobody has. It owns that page and no other; the
 * identities on it are given by the demo and by nothing else.
 */
import { preferredType } from '../../accept.ts'
import { refuse } from '../../../domain/failure.ts'
import { group } from '../../../settings/schema.ts'
import type { DialectContext } from '../../context.ts'
import type { Dialect, DialectRequest } from '../../dialect.ts'
import { routesWith } from '../../declared-route.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import { defineOwn, type OwnModule } from '../../surface-module.ts'
import { renderFrontPage } from './page.ts'

export const frontPage: OwnModule<object> = defineOwn({
  name: 'front-page',
  title: 'Operations',
  options: group<object>({}),
  create: createFrontPage,
})

function createFrontPage({ node }: DialectContext): Dialect {
  // The same for everybody, so it is made once.
  const page = renderFrontPage(node)
  return {
    routes: [
      routesWith(problemManners)(
        {
          method: 'GET',
          path: '/',
          alsoHead: true,
          summary: 'What this server is and where to look, as a page',
          responses: {
            200: { description: 'A page, where `Accept` asks for one', type: 'text/html' },
            404: problemResponse('Not found: there is no page for programs here'),
          },
        },
        ({ request }) => (wantsPage(request) ? page : refuse({ kind: 'not_found' })),
      ),
    ],
    owns: (path) => path === '/',
    renderFailure: problemAnswer,
    headers: () => ({ vary: 'Accept' }),
  }
}

function wantsPage(request: DialectRequest): boolean {
  const types = ['text/html', 'application/json', 'application/problem+json'] as const
  return preferredType(request.header('accept'), types) === 'text/html'
}
