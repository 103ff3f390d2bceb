import type { Answer } from '../../../surface.ts'
import { isolated } from '../../../../protocol/isolated.ts'
import { html, pageAnswer, styleSheet, type Html, type Style } from '../../../html.ts'
import { pageCss } from '../../../page-style.ts'
import { fill, type Words } from '../words.ts'
import { passkeysPath } from '../passkeys/page.ts'
import { passkeysWords } from '../passkeys/words.ts'
import { deviceName, type DeviceName } from './device-name.ts'
import type { OwnDevice, OwnDevices } from './own-devices.ts'
import { devicesWords, type DevicesWords } from './words.ts'

const style: Style = styleSheet(`${pageCss}
main { max-width: 40rem; }
h1 { font-size: clamp(1.75rem, 6vw, 2.25rem); }
.lead { font-size: 1.05rem; }
.notice { padding: .7rem .9rem; border-left: 4px solid #12703a; background: rgb(18 112 58 / .1); }
#devices { margin: 0; padding: 0; list-style: none; }
#devices li:last-child { padding-bottom: 0; }
#list > * + * { margin-top: 1.5rem; }
main > p:last-child { margin: 1.5rem 0 0; }
#devices li { padding: 1.1rem 0; border-top: 1px solid var(--line); }
#devices h2 { display: flex; flex-wrap: wrap; gap: .2rem .6rem; align-items: center; margin: 0 0 .3rem; font-size: 1.1rem; }
.badge { padding: .05rem .55rem; border: 1px solid var(--blue); border-radius: 1rem; color: var(--blue); font-size: .8rem; font-weight: 600; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem 1rem; margin: 0 0 .8rem; font-size: .95rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.buttons { display: flex; flex-wrap: wrap; gap: .6rem; }
button { padding: .5rem .95rem; font: inherit; font-size: .95rem; font-weight: 600; border-radius: .55rem; cursor: pointer;
  color: var(--ink); background: transparent; border: 1px solid var(--soft); }
button:hover { border-color: var(--blue); color: var(--blue); }
button.alarm { color: var(--alarm); border-color: var(--alarm); }
button.main { padding: .7rem 1.2rem; color: #fff; background: #1a56c4; border-color: #1a56c4; }
button:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
.aside { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
:root { --alarm: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --alarm: #ff9a92; } }
@media (max-width: 34rem) { main { padding: 1.25rem 1rem; } .buttons button { flex: auto; } dl { gap: .1rem .75rem; } }
`)

export const devicesPath = '/devices'
export const devicesScriptPath = '/devices/devices.js'

export interface DevicesView extends OwnDevices {
  readonly person: string
  /** What the forms prove with that they are of this page. */
  readonly token: string
  /** Whether browsers know passkeys at this address. */
  readonly hasPasskeys: boolean
  /** What has just been done. */
  readonly notice?: string
}

/** The page. Its forms need no script; with one it stays current while open. */
export function devicesPage(words: Words, view: DevicesView): Answer {
  const { devices, hasMore, person, token, hasPasskeys, notice } = view
  const own = devicesWords[words.lang]
  const others = devices.filter(({ isThis }) => !isThis)
  return pageAnswer(200, {
    title: own.title,
    style,
    lang: words.lang,
    formAction: ["'self'"],
    script: { path: devicesScriptPath },
    body: html`<main>
      <h1>${own.title}</h1>
      <p class="lead">${fill(own.lead, { person })}</p>
      ${notice === undefined ? html`` : html`<p class="notice" role="alert">${notice}</p>`}
      <p class="aside" role="status" id="news" data-changed="${own.changed}"></p>
      <div id="list">
        <ul id="devices">
          ${devices.map((device) => item(words, own, device, token))}
        </ul>
        ${hasMore ? html`<p>${own.more}</p>` : html``}
        ${others.length === 0 ? html`` : form(token, undefined, [button(own.endOthers, 'others', 'main')])}
      </div>
      ${
        hasPasskeys
          ? html`<p><a href="${passkeysPath}">${passkeysWords[words.lang].title}</a></p>`
          : html``
      }
    </main>`,
  })
}

function item({ lang }: Words, own: DevicesWords, device: OwnDevice, token: string): Html {
  const { sid, apps, address, openedAtMs, lastSeenAtMs, isThis } = device
  const name = nameOf(own, device.name)
  const facts: readonly (readonly [string, Html] | undefined)[] = [
    apps.length === 0 ? undefined : [own.apps, html`${apps.map(isolated).join(', ')}`],
    [own.signedIn, timeOf(lang, openedAtMs)],
    lastSeenAtMs === openedAtMs ? undefined : [own.lastSeen, timeOf(lang, lastSeenAtMs)],
    address === undefined ? undefined : [own.from, html`${address}`],
  ]
  const end = button(own.end, 'end', '', name)
  return html`<li>
    <h2>${name} ${isThis ? html`<span class="badge">${own.thisDevice}</span>` : html``}</h2>
    <dl>
      ${facts.map((fact) =>
        fact === undefined
          ? html``
          : html`<dt>${fact[0]}</dt>
              <dd>${fact[1]}</dd>`,
      )}
    </dl>
    ${form(token, sid, isThis ? [end] : [end, button(own.notMe, 'not-me', 'alarm', name)])}
  </li>`
}

/** What a device is called in the language of a page. */
export function nameOfDevice({ lang }: Words, userAgent: string | undefined): string {
  return nameOf(devicesWords[lang], deviceName(userAgent))
}

function nameOf(own: DevicesWords, { program, system }: DeviceName): string {
  if (program !== undefined && system !== undefined) return fill(own.programOn, { program, system })
  return isolated(program ?? system ?? own.unknownDevice)
}

function form(token: string, sid: string | undefined, buttons: readonly Html[]): Html {
  return html`<form method="post" action="${devicesPath}">
    <input type="hidden" name="token" value="${token}" />
    ${sid === undefined ? html`` : html`<input type="hidden" name="sid" value="${sid}" />`}
    <div class="buttons">${buttons}</div>
  </form>`
}

/** @param about Which of many buttons of this name it is, for those who hear the page. */
function button(text: string, decision: string, style: string, about?: string): Html {
  const label = about === undefined ? text : `${text}: ${about}`
  return html`<button name="decision" value="${decision}" class="${style}" aria-label="${label}">
    ${text}
  </button>`
}

/** In the time zone of the world; the script of the page turns it into that of the person. */
function timeOf(lang: string, atMs: number): Html {
  const format = new Intl.DateTimeFormat(lang, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'UTC',
  })
  const at = new Date(atMs)
  return html`<time datetime="${at.toISOString()}">${format.format(at)} UTC</time>`
}
