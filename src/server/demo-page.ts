/**
 * What the demo tells a person who opens it: who can log in, and where its OAuth client is called
 * back.
 */
import { demoCode } from '../http/dialects/matar/otp-login.ts'
import type { DemoIdentity, FrontPage } from '../http/surfaces/front-page/index.ts'
import type { Dialect } from '../http/dialect.ts'
import { html, pageAnswer, styleSheet } from '../http/html.ts'
import { problemAnswer } from '../http/problem.ts'
import type { Config } from './config.ts'
import { DEMO_CALLBACK_PATH, demoSecretOf } from './demo.ts'
import { viewer } from './demo-mvpd/login.ts'

/** The demo's part of the front page. */
export function demoView(config: Config): NonNullable<FrontPage['demo']> {
  return { identities: identities(config), logout: demoLogout(config) }
}

/** One identity of each API, all of them public. */
function identities({ adminToken = '' }: Config): readonly DemoIdentity[] {
  return [
    { api: 'DirectLink', who: 'user maria', secret: demoSecretOf('maria') },
    { api: 'Matar', who: 'phone 919999900001, name Sri', secret: demoCode },
    { api: 'Octopus', who: 'key octopus-demo-key', secret: demoSecretOf('42') },
    { api: 'Adobe Pass', who: `requestor REF30, viewer ${viewer.user}`, secret: viewer.password },
    {
      api: 'Baanx',
      who: 'key baanx-demo-key, user demo@example.com',
      secret: demoSecretOf('baanx-demo-user'),
    },
    { api: 'Admin', who: 'bearer token', secret: adminToken },
    { api: 'Guard', who: 'credential', secret: 'outright-demo-guard' },
  ]
}

/**
 * A command that logs a user of the demo out, to be pasted; undefined where DirectLink is not
 * served under the public URL.
 */
export function demoLogout({ issuer, dialects: { directlink } }: Config): string | undefined {
  if (!directlink.enabled || directlink.host !== undefined) return undefined
  const path = `${directlink.prefix}/directlink/v1/auth/logout`
  return `curl -si -u maria:${demoSecretOf('maria')} -X POST ${issuer}${path}`
}

/** Where the demo's OAuth client gets its codes: it shows them to the person who tries it. */
export function createDemoCallback(): Dialect {
  return {
    name: 'demo-callback',
    routes: [
      {
        method: 'GET',
        path: DEMO_CALLBACK_PATH,
        alsoHead: true,
        operation: {
          tags: ['demo'],
          summary: 'Where the demo’s OAuth client gets its codes',
          responses: { 200: { description: 'A page that shows what came' } },
        },
        handle({ query }) {
          const rows = ['code', 'state', 'error'].flatMap((name) => {
            const value = query.get(name)
            return value === null ? [] : [{ name, value: value.slice(0, MAX_SHOWN_LENGTH) }]
          })
          return pageAnswer(200, {
            title: 'Back at the client',
            style: callbackStyle,
            body: html`<main>
              <h1>Back at the client</h1>
              <p>
                A real client would now exchange the code for tokens. This one shows what it got.
              </p>
              <dl>
                ${rows.map(
                  ({ name, value }) =>
                    html`<div>
                      <dt>${name}</dt>
                      <dd><code>${value}</code></dd>
                    </div>`,
                )}
              </dl>
            </main>`,
          })
        },
      },
    ],
    owns: (path) => path === DEMO_CALLBACK_PATH,
    renderFailure: problemAnswer,
  }
}

const MAX_SHOWN_LENGTH = 1024

const callbackStyle = styleSheet(`
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { width: min(34rem, calc(100vw - 3rem)); padding: 2rem 0; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
dt { font-weight: 600; }
dd { margin: 0 0 1rem; overflow-wrap: anywhere; }
code { font: .95em ui-monospace, monospace; }
`)
