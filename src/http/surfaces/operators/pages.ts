/** The pages of operators. They work without a script; `script.ts` says what it adds. */
import type { Answer } from '../../surface.ts'
import { credentialFields, focusIf, formPage, problemLine } from '../../form-page.ts'
import { html, type Html } from '../../html.ts'
import { passkeyForm } from '../../passkey-forms.ts'
import { challengePath, setUpPath, signInPath, signOnPath } from '../../operator-paths.ts'
import { scriptPath } from './script.ts'
import type { Words } from './words.ts'

const target = ["'self'"]
const more = { script: { path: scriptPath } }

export interface SignInView {
  readonly status: number
  readonly words: Words
  readonly returnTo: string
  readonly name: string
  /** What is said above the form. */
  readonly notice?: string
  readonly problem?: string
  /** Whether browsers know passkeys at this address. */
  readonly hasPasskeys: boolean
  /** Where else one may sign in; undefined where nowhere. */
  readonly issuerTitle: string | undefined
}

export function signInPage(view: SignInView): Answer {
  const { status, words, returnTo, name, notice, problem, hasPasskeys, issuerTitle } = view
  return formPage(
    status,
    words,
    words.signIn,
    target,
    [
      html`<p class="lead">${words.lead}</p>`,
      notice === undefined ? html`` : html`<p role="status">${notice}</p>`,
      problemLine(problem),
      html`<form method="post" action="${signInPath}">
        <input type="hidden" name="return" value="${returnTo}" />
        ${credentialFields('name', words, name)}
        <div class="buttons"><button>${words.signIn}</button></div>
      </form>`,
      issuerTitle === undefined ? html`` : signOnLink(words, issuerTitle, returnTo),
      hasPasskeys ? passkeySignIn(words, returnTo) : html``,
    ],
    more,
  )
}

export interface SetUpView {
  readonly status: number
  readonly words: Words
  readonly code: string
  readonly name: string
  readonly problem?: string
}

export function setUpPage({ status, words, code, name, problem }: SetUpView): Answer {
  return formPage(
    status,
    words,
    words.setUp,
    target,
    [
      html`<p class="lead">${words.setUpLead}</p>`,
      problemLine(problem),
      html`<form method="post" action="${setUpPath}">
        <label data-code
          >${words.code}<input
            name="code"
            value="${code}"
            autocomplete="off"
            required
            ${focusIf(code === '')}
        /></label>
        <label
          >${words.newName}<input
            name="name"
            value="${name}"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            maxlength="64"
            required
            ${focusIf(code !== '')}
          /><small>${words.nameHint}</small></label
        >
        <label
          >${words.newPassword}<input
            type="password"
            name="password"
            autocomplete="new-password"
            minlength="12"
            required
          /><small>${words.passwordHint}</small></label
        >
        <div class="buttons"><button>${words.create}</button></div>
      </form>`,
    ],
    more,
  )
}

function passkeySignIn(words: Words, returnTo: string): Html {
  return passkeyForm({
    action: signInPath,
    challengePath,
    ceremony: 'get',
    fields: html`<p class="or">${words.or}</p>
      <input type="hidden" name="return" value="${returnTo}" />`,
    problem: words.wrongPasskey,
    button: html`<button class="quiet">${words.usePasskey}</button>`,
  })
}

/**
 * Back from the identity provider. A page leads on, and not a redirect: browsers send no `Strict`
 * cookie along a chain of redirects that began at another site.
 */
export function againPage(words: Words, path: string): Answer {
  const answer = formPage(
    200,
    words,
    words.signIn,
    ["'none'"],
    [html`<p class="onward"><a href="${path}">${words.toConsole}</a></p>`],
    { leadsTo: path },
  )
  // The address of this page holds a code.
  return { ...answer, headers: { ...answer.headers, 'referrer-policy': 'no-referrer' } }
}

/** A link and not a form: `form-action` would be held against where it leads. */
function signOnLink(words: Words, title: string, returnTo: string): Html {
  const query = new URLSearchParams({ return: returnTo })
  return html`<p class="or">${words.or}</p>
    <div class="buttons">
      <a class="button" href="${signOnPath}?${query.toString()}">${words.signInWith} ${title}</a>
    </div>`
}
