import type { Answer } from '../../dialect.ts'
import type { DemoIdentity, NodeView } from '../../node-view.ts'
import { html, pageAnswer, type Html } from '../../html.ts'
import { frontPageStyle } from './style.ts'

/** The page at `/`. */
export function renderFrontPage({ version, demo }: Pick<NodeView, 'version' | 'demo'>): Answer {
  return pageAnswer(200, {
    title: demo === undefined ? 'Outright' : 'Outright demo',
    style: frontPageStyle,
    body: html`
      <main>
        <header>
          <h1>Outright</h1>
          <p class="lead">Logged out, outright.</p>
        </header>
        ${demo === undefined ? plain : demoIntroduction(demo.logout)}
        <nav aria-label="Where to look">
          <ul>
            ${places.map(place)}
          </ul>
        </nav>
        ${demo === undefined ? nothing : identityTable(demo.identities)}
        <footer><p>Outright ${version}</p></footer>
      </main>
    `,
  })
}

const nothing = html``

const plain = html`<p>This is a logout server. It has pages for programs, not for people.</p>`

const places = [
  { path: '/docs', name: 'API', what: 'Every call that this server answers, to read and to try' },
  { path: '/readyz', name: 'Health', what: 'Whether this node may serve now' },
  {
    path: '/.well-known/jwks.json',
    name: 'Public keys',
    what: 'With these everybody can verify its tokens',
  },
] as const

function place({ path, name, what }: (typeof places)[number]): Html {
  return html`<li>
    <a href="${path}"><strong>${name}</strong><span>${what}</span></a>
  </li>`
}

function demoIntroduction(logout: string | undefined): Html {
  const command =
    logout === undefined
      ? nothing
      : html`
          <h2>Log somebody out</h2>
          <p>Paste this into a terminal. It ends every session of the user maria.</p>
          <pre tabindex="0" aria-label="Command"><code>${logout}</code></pre>
          <p>
            In the answer, <code>Outright-Confirmed</code> counts the verifiers that confirmed it.
          </p>
        `
  return html`
    <p>
      This is the demo of a logout server. When the answer to a logout says <em>done</em>, every
      enrolled verifier refuses what was logged out.
    </p>
    ${command}
    <h2>Look around</h2>
  `
}

function identityTable(identities: readonly DemoIdentity[]): Html {
  return html`
    <h2>Who can log in</h2>
    <p>These identities are public. Let nobody else reach this server.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Demo identities">
      <table>
        <thead>
          <tr>
            <th scope="col">API</th>
            <th scope="col">Identity</th>
            <th scope="col">Secret</th>
          </tr>
        </thead>
        <tbody>
          ${identities.map(
            ({ api, who, secret }) => html`
              <tr>
                <th scope="row">${api}</th>
                <td>${who}</td>
                <td><code>${secret}</code></td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `
}
