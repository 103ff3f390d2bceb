/**
 * DemoMVPD: a small, real TV provider that comes with the demo, so that a login on a second screen
 * can be clicked through and the provider's side of a logout can be seen.
 *
 * It owns its login page, its own sessions (a viewer who is logged in at the provider needs no
 * password for the next device), its signed assertions and its logout endpoint. It shares nothing
 * with the Adobe Pass dialect but a secret and addresses, as any other provider would.
 */
import type { Failure } from '../../domain/failure.ts'
import type { Answer, Surface, SurfaceRequest, Route } from '../../http/surface.ts'
import type { Mvpd } from '../../http/dialects/adobe-pass/index.ts'
import { problemAnswer } from '../../http/problem.ts'
import { showLogin, submitLogin } from './login.ts'
import { receiveLogout } from './logout.ts'
import { DEMO_MVPD, DEMO_MVPD_PREFIX, type DemoMvpdOptions } from './options.ts'
import { messagePage } from './pages.ts'
import { showStatus } from './status.ts'

export { DEMO_MVPD_PREFIX, type DemoMvpdOptions } from './options.ts'

export interface DemoMvpd {
  /** What the dialect is to know of it. */
  readonly provider: Mvpd
  readonly surface: Surface
}

export function createDemoMvpd(options: DemoMvpdOptions): DemoMvpd {
  const root = options.publicUrl + DEMO_MVPD_PREFIX
  const route = (
    method: Route['method'],
    path: string,
    summary: string,
    handle: (options: DemoMvpdOptions, request: SurfaceRequest) => Promise<Answer> | Answer,
  ): Route => ({
    method,
    path,
    ...(method === 'GET' ? { alsoHead: true } : {}),
    operation: {
      summary,
      responses: { default: { description: 'A page, or nothing' } },
    },
    handle: (request) => handle(options, request),
  })
  return {
    provider: {
      id: DEMO_MVPD,
      displayName: 'Demo TV provider',
      loginUrl: `${root}/login`,
      logout: { kind: 'message', url: `${root}/logout` },
      secret: options.secret,
      deniedResources: {
        TestStream3: 'Your subscription package does not include the "TestStream3" channel.',
      },
    },
    surface: {
      routes: [
        route('GET', '', 'Who is logged in at the demo provider', showStatus),
        route('GET', '/', 'Who is logged in at the demo provider', showStatus),
        route('GET', '/login', 'The login page of the demo provider', showLogin),
        route('POST', '/login', 'Log in at the demo provider', submitLogin),
        route('POST', '/logout', 'Tell the demo provider of a logout', receiveLogout),
      ],
      owns: (path) => path === '' || path.startsWith('/'),
      renderFailure,
    },
  }
}

function renderFailure(failure: Failure): Answer {
  const { status, headers } = problemAnswer(failure)
  const { 'content-type': _problem, ...kept } = headers ?? {}
  const page = messagePage(status, 'This did not work', 'Go back to your TV and start again.')
  return { ...page, headers: { ...kept, ...page.headers } }
}
