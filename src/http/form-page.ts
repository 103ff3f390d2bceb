/** Pages that hold a form and little else: to log in, to sign in, to confirm something. */
import type { Answer } from './surface.ts'
import { html, pageAnswer, styleSheet, type Html, type Page, type Style } from './html.ts'
import { pageCss } from './page-style.ts'

const style: Style = styleSheet(`${pageCss}
body { min-height: 100vh; display: grid; align-items: center; }
main { width: min(26rem, 100%); padding: clamp(1.5rem, 6vw, 2.5rem); }
h1 { font-size: 1.6rem; }
.lead { font-size: 1rem; }
h1 + p:not(.lead) { margin-top: .6rem; }
label { display: block; margin: 0 0 1rem; font-size: .9rem; color: var(--soft); }
label small { display: block; margin-top: .25rem; font-size: .8rem; }
.onward { margin: 1.5rem 0 0; }
.or { margin: 1.25rem 0 -.5rem; text-align: center; color: var(--soft); }
ul.plain { padding: 0; list-style: none; }
ul.plain form { display: flex; align-items: center; gap: 1rem; margin-bottom: .75rem; }
ul.plain p { flex: 1; margin: 0; }
ul.plain button { flex: none; }
[hidden] { display: none !important; }
input { display: block; width: 100%; margin-top: .3rem; padding: .65rem .75rem; font: inherit; font-size: 1rem;
  color: var(--ink); background: var(--paper); border: 1px solid var(--soft); border-radius: .6rem; }
button, a.button { flex: 1; padding: .7rem 1rem; font: inherit; font-weight: 600; border-radius: .6rem; cursor: pointer;
  color: #fff; background: #1a56c4; border: 1px solid #1a56c4; }
button.quiet, a.button { color: var(--ink); background: transparent; border-color: var(--soft); }
a.button { text-align: center; text-decoration: none; }
input:focus-visible, button:focus-visible, a.button:focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
.problem { padding: .6rem .8rem; border-left: 4px solid #c62828; background: rgb(198 40 40 / .1); }
ul { margin: 0 0 1rem; padding-left: 1.25rem; }
.code { font-family: ui-monospace, monospace; font-size: 1.5rem; letter-spacing: .12em; text-transform: uppercase; }
`)

export function formPage(
  status: number,
  { lang }: { readonly lang: string },
  title: string,
  formAction: readonly string[],
  parts: readonly Html[],
  more: Pick<Page, 'script' | 'frames' | 'leadsTo'> = {},
): Answer {
  const body = html`<main>
    <h1>${title}</h1>
    ${parts}
  </main>`
  const answered = pageAnswer(status, { title, style, body, formAction, lang, ...more })
  // With `no-referrer` browsers send the forms of a page with `Origin: null` (Fetch, section 3.2).
  const headers = { ...answered.headers, 'referrer-policy': 'same-origin' }
  return { ...answered, headers }
}

/** A page that only says something. */
export function noticePage(
  status: number,
  words: { readonly lang: string },
  title: string,
  ...texts: readonly string[]
): Answer {
  const parts = texts.map((text) => html`<p>${text}</p>`)
  return formPage(status, words, title, ["'none'"], parts)
}

/** What went wrong with the attempt before; nothing where there was none. */
export function problemLine(problem: string | undefined): Html {
  return problem === undefined ? html`` : html`<p class="problem" role="alert">${problem}</p>`
}

/**
 * The fields of a name and a password, as password managers find them. The first empty one has the
 * focus.
 */
export function credentialFields(
  field: 'name' | 'username',
  labels: { readonly name: string; readonly password: string },
  value: string,
): Html {
  return html`<label
      >${labels.name}<input
        name="${field}"
        value="${value}"
        autocomplete="username"
        autocapitalize="none"
        spellcheck="false"
        required
        ${focusIf(value === '')}
    /></label>
    <label
      >${labels.password}<input
        type="password"
        name="password"
        autocomplete="current-password"
        required
        ${focusIf(value !== '')}
    /></label>`
}

/** The attribute that gives a field the focus when the page opens. */
export function focusIf(isFirst: boolean): Html {
  return isFirst ? html`autofocus` : html``
}
