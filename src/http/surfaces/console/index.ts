/**
 * `/console`: the pages of the console, as `packages/console` was built. It owns files and the
 * policy under which they run, and knows nothing of what they show: a page calls the admin API like
 * any other caller. Signing in is the business of the surface `operators`.
 */
import { DEMO_OPERATOR } from '../../demo-people.ts'
import { refuse } from '../../../domain/failure.ts'
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Answer, Surface, SurfaceRequest } from '../../surface.ts'
import { html, pageAnswer, styleSheet } from '../../html.ts'
import { pageCss } from '../../page-style.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners, problemResponse } from '../../problem-response.ts'
import { fileAnswer, type StaticFiles } from '../../static-files.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'

export const consolePages: OwnModule<object> = definePlain({
  name: 'console',
  title: 'Console',
  page: {
    path: '/console/',
    name: 'Console',
    what: 'Who is logged in, and ending it',
    demoLogin: DEMO_OPERATOR,
  },
  create: createConsole,
})

/** Where the pages are, with a slash at the end. */
const HOME = '/console/'

/** Nothing runs, applies or is called that this server does not serve; nothing stands inline. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ')

function createConsole({ node }: SurfaceContext): Surface {
  const declare = routesWith(problemManners)
  return {
    routes: [
      declare(
        {
          method: 'GET',
          path: HOME.slice(0, -1),
          alsoHead: true,
          summary: 'Leads to the console',
          responses: { 308: { description: 'The console is one slash further' } },
        },
        (call) => call.empty(308, { headers: { location: HOME } }),
      ),
      declare(
        {
          method: 'GET',
          path: `${HOME}assets/:name`,
          alsoHead: true,
          summary: 'A file of the console, whose name changes with what it holds',
          // One may be kept for ever, because another build has another name for it.
          cacheControl: 'public, max-age=31536000, immutable',
          responses: {
            200: { description: 'The file', type: 'text/javascript', alsoType: 'text/css' },
            404: problemResponse('Not found: not of this build'),
          },
        },
        async (call) => {
          const file = (await node.consoleFiles())?.get(`assets/${call.param('name')}`)
          return file === undefined ? refuse({ kind: 'not_found' }) : fileAnswer(file, call.request)
        },
      ),
      declare(
        {
          method: 'GET',
          path: `${HOME}*`,
          alsoHead: true,
          summary: 'The console: one page, which shows what its address says',
          responses: {
            200: { description: 'The page', type: 'text/html' },
            404: { description: 'The console was not built', type: 'text/html' },
          },
        },
        async ({ request }) => pageOf(await node.consoleFiles(), request),
      ),
    ],
    owns: (path) => path === HOME.slice(0, -1) || path.startsWith(HOME),
    renderFailure: problemAnswer,
    headers: () => ({
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
    }),
  }
}

function pageOf(files: StaticFiles | undefined, request: SurfaceRequest): Answer {
  const page = files?.get('index.html')
  if (page === undefined) return notBuilt
  const answer = fileAnswer(page, request)
  return { ...answer, headers: { ...answer.headers, 'content-security-policy': policy } }
}

const notBuilt = pageAnswer(404, {
  title: 'Outright console',
  style: styleSheet(pageCss),
  body: html`
    <main>
      <h1>The console was not built</h1>
      <p class="lead">The server runs, and so does its API.</p>
      <p>
        In a checkout, <code>npm start</code> and <code>npm run build</code> build it. The package
        <code>outright-server</code> brings it along.
      </p>
    </main>
  `,
})
