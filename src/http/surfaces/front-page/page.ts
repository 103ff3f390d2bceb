import type { Answer } from '../../surface.ts'
import { DEMO_PERSON } from '../../demo-people.ts'
import type { DemoIdentity, DemoView, NodeView } from '../../node-view.ts'
import type { PageLink } from '../../surface-module.ts'
import { html, pageAnswer, type Html } from '../../html.ts'
import { frontPageStyle, plainPageStyle } from './style.ts'

type Needed = Pick<NodeView, 'version' | 'pages' | 'demo'>

/** The page at `/`. */
export function renderFrontPage({ version, pages, demo }: Needed): Answer {
  const places = [...pages, documentation]
  return demo === undefined ? plainPage(places) : demoPage(demo, places, version)
}

/** The same for a terminal. */
export function renderFrontText(
  { pages, demo }: Pick<Needed, 'pages' | 'demo'>,
  publicUrl: string,
): Answer {
  const places = demo === undefined ? pages : [playground, ...pages]
  const lines = [...places, documentation].map(
    ({ name, path }) => `${name.padEnd(16)}${publicUrl}${path}\n`,
  )
  return {
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: `${what}\n\n${lines.join('')}`,
  }
}

const what = 'This is a logout server.'

const documentation: PageLink = {
  path: '/docs',
  name: 'API',
  what: 'Every call that this server answers, to read and to try',
}

const playground: PageLink = {
  path: '/demo',
  name: 'Watch a logout',
  what: 'Log in with one click, log out, and see three servers refuse',
}

/** Outside the demo: one line, which reveals no more than needed. */
function plainPage(places: readonly PageLink[]): Answer {
  const links = places.map(({ path, name }) => html` <a href="${path}">${name}</a>`)
  return pageAnswer(200, {
    title: 'Outright',
    style: plainPageStyle,
    body: html`<main>
      <h1>Outright</h1>
      <p>${what}</p>
      <nav aria-label="Pages">${links}</nav>
    </main>`,
  })
}

function demoPage(
  { identities, logout }: DemoView,
  places: readonly PageLink[],
  version: string,
): Answer {
  return pageAnswer(200, {
    title: 'Outright demo',
    style: frontPageStyle,
    body: html`
      <main>
        <header>
          <p class="brand">Outright <span>demo</span></p>
          <h1>Logged out, outright.</h1>
          <p class="lead">
            A logout server. Once it answers that a person is logged out, every server that checks
            tokens with it already refuses theirs.
          </p>
          <p><a class="button" href="${playground.path}">${playground.name}</a></p>
        </header>
        <nav aria-label="Pages">
          <ul>
            ${places.map(place)}
          </ul>
        </nav>
        ${logout === undefined ? html`` : terminal(logout)} ${identityTable(identities)}
        <footer><p>Outright ${version}</p></footer>
      </main>
    `,
  })
}

function place({ path, name, what, demoLogin }: PageLink): Html {
  const login =
    demoLogin === undefined
      ? html``
      : html`<span class="login"
          >Log in as <code>${demoLogin.name}</code>, <code>${demoLogin.password}</code></span
        >`
  return html`<li>
    <a href="${path}"><strong>${name}</strong><span>${what}</span>${login}</a>
  </li>`
}

function terminal(command: string): Html {
  return html`
    <h2>From a terminal</h2>
    <p>This ends every session of the user ${DEMO_PERSON.name}.</p>
    <pre tabindex="0" aria-label="Command"><code>${command}</code></pre>
    <p>
      In the answer, <code>Outright-Confirmed</code> counts the servers that refuse her tokens now.
    </p>
  `
}

function identityTable(identities: readonly DemoIdentity[]): Html {
  return html`
    <h2>Who can log in</h2>
    <p>These passwords are public, so keep this server to yourself.</p>
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
  `
}
