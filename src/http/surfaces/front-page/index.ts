/**
 * `/`: what this server is and where to look, for a person with a browser. Programs that ask there
 * get a problem document, as on any path that nobody has. It owns that page and no other; the
 * identities on it are given by the demo and by nothing else.
 */
import { preferredType } from '../../accept.ts'
import { refuse } from '../../../domain/failure.ts'
import type { Dialect, DialectRequest } from '../../dialect.ts'
import { problemAnswer } from '../../problem.ts'
import { frontPage, type FrontPage } from './page.ts'

export type { DemoIdentity, FrontPage } from './page.ts'

/** @param view What the page says; the same for everybody, so that it can be made once. */
export function createFrontPage(view: FrontPage): Dialect {
  const page = frontPage(view)
  return {
    name: 'front-page',
    routes: [
      {
        method: 'GET',
        path: '/',
        alsoHead: true,
        operation: {
          summary: 'What this server is and where to look, as a page',
          responses: {
            200: {
              description: 'A page, where `Accept` asks for one',
              content: { 'text/html': {} },
            },
            404: { description: 'Not found: there is no page for programs here' },
          },
        },
        handle: (request) => (wantsPage(request) ? page : refuse({ kind: 'not_found' })),
      },
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
