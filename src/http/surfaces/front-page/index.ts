/**
 * `/`: what this server is and where to look, as a page for browsers and as text for a terminal. It
 * owns that path and no other; the identities on it are given by the demo and by nothing else.
 */
import { preferredType } from '../../accept.ts'
import type { SurfaceContext } from '../../context.ts'
import type { Surface, SurfaceRequest } from '../../surface.ts'
import { routesWith } from '../../declared-route.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners } from '../../problem-response.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'
import { renderFrontPage, renderFrontText } from './page.ts'

export const frontPage: OwnModule<object> = definePlain({
  name: 'front-page',
  title: 'Operations',
  create: createFrontPage,
})

function createFrontPage({ node, issuer }: SurfaceContext): Surface {
  // The same for every visitor, so they are made once.
  const page = renderFrontPage(node)
  const text = renderFrontText(node, issuer)
  return {
    routes: [
      routesWith(problemManners)(
        {
          method: 'GET',
          path: '/',
          alsoHead: true,
          summary: 'What this server is and where to look',
          description: 'A page where `Accept` asks for one, otherwise text.',
          responses: {
            200: { description: 'The page', type: 'text/html', alsoType: 'text/plain' },
          },
        },
        ({ request }) => (wantsPage(request) ? page : text),
      ),
    ],
    owns: (path) => path === '/',
    renderFailure: problemAnswer,
    headers: () => ({ vary: 'Accept' }),
  }
}

function wantsPage(request: SurfaceRequest): boolean {
  const types = ['text/html', 'text/plain'] as const
  return preferredType(request.header('accept'), types) === 'text/html'
}
