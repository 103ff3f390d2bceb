import { readFileSync } from 'node:fs'
import type { Route } from './surface.ts'
import { routesWith } from './declared-route.ts'
import { problemManners } from './problem-response.ts'

/**
 * The route of a page's script. It is written as a browser runs it, so nothing has to be built, and
 * read once.
 *
 * @param script The script, or where it lies: beside the module that serves it.
 */
export function scriptRoute(path: string, script: string | URL): Route {
  const body = typeof script === 'string' ? script : readFileSync(script)
  return routesWith(problemManners)(
    {
      method: 'GET',
      path,
      alsoHead: true,
      summary: 'A script of a page',
      cacheControl: 'no-cache',
      responses: { 200: { description: 'The script', type: 'text/javascript' } },
    },
    () => ({ status: 200, headers: { 'content-type': 'text/javascript; charset=utf-8' }, body }),
  )
}
