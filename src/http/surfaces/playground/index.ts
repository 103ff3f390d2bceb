/**
 * `/demo`, with the demo and nowhere else: a visitor logs in with one click, sees three guarded
 * servers let them in, logs out, and sees all three refuse. It owns the page and its scripts; the
 * servers are the demo's (`src/server/demo-apps`), and what it calls are the APIs as they are.
 */
import type { SurfaceContext } from '../../context.ts'
import { routesWith } from '../../declared-route.ts'
import type { Surface, Route } from '../../surface.ts'
import type { DemoApp, DemoTour, DemoView } from '../../node-view.ts'
import { scriptRoute } from '../../page-script.ts'
import { problemAnswer } from '../../problem.ts'
import { problemManners } from '../../problem-response.ts'
import { anything } from '../../schema.ts'
import { definePlain, type OwnModule } from '../../surface-module.ts'
import { playgroundPage } from './page.ts'

/** What the page is told. */
export interface Playground {
  readonly tours: readonly DemoTour[]
  readonly apps: readonly DemoApp[]
}

export const PLAYGROUND_PATH = '/demo'

export const playground: OwnModule<object> = definePlain({
  name: 'playground',
  title: 'Operations',
  create: createPlayground,
})

function createPlayground({ node: { demo } }: SurfaceContext): Surface {
  const routes = demo === undefined ? [] : routesOf(demo)
  return {
    routes,
    owns: (path) => routes.some((route) => route.path === path),
    renderFailure: problemAnswer,
  }
}

const declare = routesWith(problemManners)
const scripts = ['playground.js', 'requests.js', 'view.js']

function routesOf(demo: DemoView): readonly Route[] {
  const page = { method: 'GET', alsoHead: true } as const
  return [
    declare(
      {
        ...page,
        path: PLAYGROUND_PATH,
        summary: 'Watch a logout, with the demo alone',
        responses: { 200: { description: 'The page', type: 'text/html' } },
      },
      () => playgroundPage(originsOf(demo)),
    ),
    declare(
      {
        ...page,
        path: `${PLAYGROUND_PATH}/playground.json`,
        summary: 'How the page logs in and out, and which servers it asks',
        responses: { 200: { description: 'Calls and addresses', schema: anything } },
      },
      (call) => call.json(200, { tours: demo.tours, apps: demo.apps() }),
    ),
    ...scripts.map((name) =>
      scriptRoute(`${PLAYGROUND_PATH}/${name}`, new URL(`browser/${name}`, import.meta.url)),
    ),
  ]
}

/** Other servers that the page calls. */
function originsOf(demo: DemoView): readonly string[] {
  return [...demo.tours.flatMap(({ origin }) => origin ?? []), ...demo.apps().map(({ url }) => url)]
}
