/** A path that leads nowhere, told to a person. Programs get the problem document as everywhere. */
import { preferredType } from './accept.ts'
import { formPage } from './form-page.ts'
import { html } from './html.ts'
import { PROBLEM_MEDIA_TYPE } from './problem.ts'
import type { Answer, SurfaceRequest } from './surface.ts'

/**
 * The refusal of a path without a route, as a page where a browser goes there. A surface that has a
 * form of its own for it keeps that.
 */
export function notFoundFor(request: SurfaceRequest, refusal: Answer): Answer {
  const isDocument = refusal.headers?.['content-type'] === PROBLEM_MEDIA_TYPE
  return isDocument && isNavigation(request) ? page : refusal
}

/** Not a script of a page, which may ask for HTML as well (Fetch Metadata, section 2.2). */
function isNavigation(request: SurfaceRequest): boolean {
  const { method } = request
  if (method !== 'GET' && method !== 'HEAD') return false
  if ((request.header('sec-fetch-mode') ?? 'navigate') !== 'navigate') return false
  const types = ['text/html', PROBLEM_MEDIA_TYPE, 'application/json'] as const
  return preferredType(request.header('accept'), types) === 'text/html'
}

// The same for everyone, so it is made once. It repeats nothing of the request.
const page = formPage(
  404,
  { lang: 'en' },
  'There is no such page',
  ["'none'"],
  [
    html`<p>Nothing on this server has this address.</p>`,
    html`<p class="onward"><a href="/">To the front page</a></p>`,
  ],
)
