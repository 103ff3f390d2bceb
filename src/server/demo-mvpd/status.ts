import type { Answer } from '../../http/surface.ts'
import type { DemoMvpdOptions } from './options.ts'
import { listLogouts } from './logout.ts'
import { html } from '../../http/html.ts'
import { htmlPage } from './pages.ts'
import { listSessions } from './sessions.ts'

/** `GET /demo/mvpd/`: who is logged in at the provider, and of which logouts it was told. */
export async function showStatus(options: DemoMvpdOptions): Promise<Answer> {
  const [sessions, logouts] = await Promise.all([listSessions(options), listLogouts(options)])
  const content = html`<h1>Logged in here</h1>
    ${sessions.length === 0 ? html`<p>None.</p>` : html``}
    <table>
      ${sessions.map(
        ({ user, sinceMs }) =>
          html`<tr>
            <td>${user}</td>
            <td>since ${timeOf(sinceMs)}</td>
          </tr>`,
      )}
    </table>
    <h1>Told of logouts</h1>
    ${logouts.length === 0 ? html`<p>Of none yet.</p>` : html``}
    <table>
      ${logouts.toReversed().map(
        ({ user, requestor, atMs, endedSessions }) =>
          html`<tr>
            <td>${user}</td>
            <td>
              at ${requestor}, ${timeOf(atMs)}: ended ${String(endedSessions)}
              ${endedSessions === 1 ? 'session' : 'sessions'}
            </td>
          </tr>`,
      )}
    </table>`
  return htmlPage(200, 'Demo TV provider', content)
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
