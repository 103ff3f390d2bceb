/**
 * What the demo tells a person who opens it: who can log in, and where its OAuth client is called
 * back.
 */
import type { MountedSurface } from '../http/app.ts'
import { DEMO_PERSON } from '../http/demo-people.ts'
import { html, pageAnswer, styleSheet } from '../http/html.ts'
import type { DemoTour, DemoView } from '../http/node-view.ts'
import { problemAnswer } from '../http/problem.ts'
import type { Config } from './config.ts'
import { DEMO_CALLBACK_PATH } from './demo.ts'
import type { DemoServersView } from './demo-servers.ts'
import type { TourCall } from '../http/surface-module.ts'
import { surfaceModules, type DialectConfig } from './surface-settings.ts'

/** The demo's part of the front page: one identity of each surface, all of them public. */
export function demoView(config: Config, servers: DemoServersView | undefined): DemoView {
  const identities = surfaceModules.flatMap(([, { title, demo }]) =>
    demo === undefined ? [] : [{ api: title, ...demo.shown }],
  )
  return {
    identities,
    logout: demoLogout(config),
    tours: [...demoTours(config), ...(servers?.tours ?? [])],
    apps: () => servers?.apps() ?? [],
  }
}

/** The shortest way in comes first. */
function demoTours(config: Config): readonly DemoTour[] {
  const places: Readonly<Record<string, DialectConfig<unknown> | undefined>> = config.dialects
  const tours = surfaceModules.flatMap(([name, { kind, title, demo }]) => {
    if (demo?.tour === undefined) return []
    const place = kind === 'own' ? { enabled: true, prefix: '' } : places[name]
    if (place?.enabled !== true || ('host' in place && place.host !== undefined)) return []
    const { says, login, logout } = demo.tour
    const here = (call: TourCall): TourCall => ({ ...call, path: place.prefix + call.path })
    return [{ api: title, says, login: login.map(here), logout: here(logout) }]
  })
  return tours.toSorted((one, other) => one.login.length - other.login.length)
}

/**
 * A command that logs a user of the demo out, to be pasted; undefined where DirectLink is not
 * served under the public URL.
 */
export function demoLogout({ issuer, dialects: { directlink } }: Config): string | undefined {
  if (!directlink.enabled || directlink.host !== undefined) return undefined
  const path = `${directlink.prefix}/directlink/v1/auth/logout`
  const { name, password } = DEMO_PERSON
  return `curl -si -u ${name}:${password} -X POST ${issuer}${path}`
}

const MAX_SHOWN = 1024

const callbackStyle = styleSheet(`
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { width: min(34rem, calc(100vw - 3rem)); padding: 2rem 0; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
dt { font-weight: 600; }
dd { margin: 0 0 1rem; overflow-wrap: anywhere; }
code { font: .95em ui-monospace, monospace; }
`)

/** Where the demo's OAuth client gets its codes: it shows them to the person who tries it. */
export const demoCallback: MountedSurface = {
  module: { kind: 'own', name: 'demo-callback', title: 'TV provider of the demo' },
  prefix: '',
  host: undefined,
  surface: {
    routes: [
      {
        method: 'GET',
        path: DEMO_CALLBACK_PATH,
        alsoHead: true,
        operation: {
          summary: 'Where the demo’s OAuth client gets its codes',
          responses: { 200: { description: 'A page that shows what came' } },
        },
        handle({ query }) {
          const rows = ['code', 'state', 'error'].flatMap((name) => {
            const value = query.get(name)
            return value === null ? [] : [{ name, value: value.slice(0, MAX_SHOWN) }]
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
  },
}
