/** The pages: what they say in each language stands in `words.ts`. They need no script. */
import type { Answer } from '../../dialect.ts'
import {
  formTargets,
  html,
  pageAnswer,
  styleSheet,
  type Html,
  type Page,
  type Style,
} from '../../html.ts'
import { pageCss } from '../../page-style.ts'
import { deviceWords } from './device-words.ts'
import { fill, type Words } from './words.ts'

const style: Style = styleSheet(`${pageCss}
body { min-height: 100vh; display: grid; align-items: center; }
main { width: min(26rem, 100%); padding: clamp(1.5rem, 6vw, 2.5rem); }
h1 { font-size: 1.6rem; }
.lead { font-size: 1rem; }
label { display: block; margin: 0 0 1rem; font-size: .9rem; color: var(--soft); }
input { display: block; width: 100%; margin-top: .3rem; padding: .65rem .75rem; font: inherit; font-size: 1rem;
  color: var(--ink); background: var(--paper); border: 1px solid var(--soft); border-radius: .6rem; }
button { flex: 1; padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: .6rem; cursor: pointer;
  color: #fff; background: #1a56c4; border: 1px solid #1a56c4; }
button.quiet { color: var(--ink); background: transparent; border-color: var(--soft); }
input:focus-visible, button:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
.problem { padding: .6rem .8rem; border-left: 4px solid #c62828; background: rgb(198 40 40 / .1); }
ul { margin: 0 0 1rem; padding-left: 1.25rem; }
.code { font-family: ui-monospace, monospace; font-size: 1.5rem; letter-spacing: .12em; text-transform: uppercase; }
`)

interface FormView {
  readonly words: Words
  readonly interaction: string
  readonly clientName: string
  readonly redirectUri: string
}

interface LoginView extends Pick<FormView, 'words' | 'interaction'> {
  readonly clientName: string | undefined
  readonly redirectUri: string | undefined
  readonly username: string
  readonly problem: string | undefined
}

/** The login page. */
export function loginPage(status: number, view: LoginView): Answer {
  const { words, interaction, clientName, redirectUri, username, problem } = view
  return page(status, words, words.login, targetsOf(redirectUri), [
    clientName === undefined
      ? html``
      : html`<p class="lead">${fill(words.toContinue, { client: clientName })}</p>`,
    problemNotice(problem),
    html`<form method="post" action="/login">
      <input type="hidden" name="interaction" value="${interaction}" />
      <label
        >${words.username}<input
          name="username"
          value="${username}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          required
      /></label>
      <label
        >${words.password}<input
          type="password"
          name="password"
          autocomplete="current-password"
          required
      /></label>
      <div class="buttons">
        <button name="decision" value="login">${words.login}</button>
        <button name="decision" value="cancel" class="quiet" formnovalidate>${words.cancel}</button>
      </div>
    </form>`,
  ])
}

interface ConsentView extends FormView {
  readonly scopes: readonly string[]
  readonly person: string
  readonly subjectId: string
}

/** The consent page. */
export function consentPage(view: ConsentView): Answer {
  const { words, interaction, clientName, redirectUri, scopes, person, subjectId } = view
  return page(
    200,
    words,
    fill(words.consentTitle, { client: clientName }),
    targetsOf(redirectUri),
    [
      html`<p class="lead">${fill(words.loggedInAs, { person })}</p>`,
      scopeList(words, scopes),
      html`<form method="post" action="/login/consent">
        <input type="hidden" name="interaction" value="${interaction}" />
        <input type="hidden" name="subject" value="${subjectId}" />
        ${allowOrDeny(words)}
      </form>`,
    ],
  )
}

/** What is asked for. */
function scopeList(words: Words, scopes: readonly string[]): Html {
  if (scopes.length === 0) return html``
  const asked = scopes.map((scope) => html`<li>${nameOfScope(words, scope)}</li>`)
  return html`<p>${words.consentLead}</p>
    <ul>
      ${asked}
    </ul>`
}

/** A scope may have any name, also one that every object has. */
function nameOfScope({ scopes }: Words, scope: string): string {
  return (Object.hasOwn(scopes, scope) && scopes[scope]) || scope
}

/** Asks for the code that a device shows. */
export function devicePage(
  status: number,
  words: Words,
  { code, problem }: { readonly code: string; readonly problem?: string },
): Answer {
  const device = deviceWords[words.lang]
  return page(status, words, device.title, targetsOf(undefined), [
    html`<p class="lead">${code === '' ? device.typeCode : device.compareCode}</p>`,
    problemNotice(problem),
    html`<form method="post" action="/device">
      <label
        >${device.code}<input
          class="code"
          name="user_code"
          value="${code}"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          maxlength="32"
          required
      /></label>
      <div class="buttons"><button>${device.go}</button></div>
    </form>`,
  ])
}

/** Asks whether the device may come in. It is shown each time, whatever was allowed before. */
export function deviceConsentPage(
  words: Words,
  view: Pick<ConsentView, 'clientName' | 'scopes' | 'person' | 'subjectId'> & {
    readonly confirmation: string
    readonly code: string
  },
): Answer {
  const { confirmation, clientName, scopes, person, subjectId, code } = view
  const title = fill(words.consentTitle, { client: clientName })
  return page(200, words, title, targetsOf(undefined), [
    html`<p class="lead">${fill(words.loggedInAs, { person })}</p>`,
    html`<p>${deviceWords[words.lang].warning}</p>
      <p class="code">${code}</p>`,
    scopeList(words, scopes),
    html`<form method="post" action="/device/confirm">
      <input type="hidden" name="confirmation" value="${confirmation}" />
      <input type="hidden" name="subject" value="${subjectId}" />
      ${allowOrDeny(words)}
    </form>`,
  ])
}

function allowOrDeny({ allow, deny }: Words): Html {
  return html`<div class="buttons">
    <button name="decision" value="allow">${allow}</button>
    <button name="decision" value="deny" class="quiet">${deny}</button>
  </div>`
}

function problemNotice(problem: string | undefined): Html {
  return problem === undefined ? html`` : html`<p class="problem" role="alert">${problem}</p>`
}

/** Asks whether to log out. */
export function logoutPage(
  words: Words,
  confirmation: string,
  redirectUri: string | undefined,
): Answer {
  return page(200, words, words.logoutTitle, targetsOf(redirectUri), [
    html`<p>${words.logoutText}</p>`,
    html`<form method="post" action="/oidc/logout">
      <input type="hidden" name="confirmation" value="${confirmation}" />
      <div class="buttons">
        <button name="decision" value="logout">${words.logout}</button>
        <button name="decision" value="stay" class="quiet">${words.stay}</button>
      </div>
    </form>`,
  ])
}

function targetsOf(redirectUri: string | undefined): readonly string[] {
  return redirectUri === undefined ? ["'self'"] : formTargets(redirectUri)
}

/** A page that only says something. */
export function noticePage(
  status: number,
  words: Words,
  title: string,
  ...texts: readonly string[]
): Answer {
  return page(
    status,
    words,
    title,
    ["'none'"],
    texts.map((text) => html`<p>${text}</p>`),
  )
}

/** A page of this surface. */
export function page(
  status: number,
  { lang }: Words,
  title: string,
  formAction: readonly string[],
  parts: readonly Html[],
  more: Pick<Page, 'script' | 'frames'> = {},
): Answer {
  const body = html`<main>
    <h1>${title}</h1>
    ${parts}
  </main>`
  return pageAnswer(status, { title, style, body, formAction, lang, ...more })
}
