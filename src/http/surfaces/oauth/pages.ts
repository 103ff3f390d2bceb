/** The pages. Their texts, by language, are in `words.ts`. Only passkeys need a script. */
import type { Answer } from '../../surface.ts'
import { credentialFields, formPage, problemLine } from '../../form-page.ts'
import { formTargets, html, type Html } from '../../html.ts'
import { passkeyForm } from '../../passkey-forms.ts'
import { deviceWords } from './device-words.ts'
import { loginPath, passkeyLoginPath } from './interaction.ts'
import { passkeyScriptPath } from './passkeys/page.ts'
import { fill, type Words } from './words.ts'

interface FormView {
  readonly words: Words
  readonly interaction: string
  readonly clientName: string
  readonly redirectUri: string
}

interface LoginView extends Pick<FormView, 'words' | 'interaction'> {
  /** What the person logs in for. */
  readonly lead: string | undefined
  /** Whether browsers know passkeys at this address. */
  readonly hasPasskeys: boolean
  readonly redirectUri: string | undefined
  readonly username: string
  readonly problem: string | undefined
}

/** The login page. */
export function loginPage(status: number, view: LoginView): Answer {
  const { words, interaction, lead, redirectUri, username, problem, hasPasskeys } = view
  const parts = [
    lead === undefined ? html`` : html`<p class="lead">${lead}</p>`,
    problemLine(problem),
    html`<form method="post" action="${loginPath}">
      <input type="hidden" name="interaction" value="${interaction}" />
      ${credentialFields('username', { name: words.username, password: words.password }, username)}
      <div class="buttons">
        <button name="decision" value="login">${words.login}</button>
        <button name="decision" value="cancel" class="quiet" formnovalidate>${words.cancel}</button>
      </div>
    </form>`,
  ]
  const targets = targetsOf(redirectUri)
  if (!hasPasskeys) return formPage(status, words, words.login, targets, parts)
  const withPasskeys = [...parts, passkeyLogin(words, interaction)]
  const script = { path: passkeyScriptPath }
  return formPage(status, words, words.login, targets, withPasskeys, { script })
}

function passkeyLogin(words: Words, interaction: string): Html {
  return passkeyForm({
    action: loginPath,
    challengePath: passkeyLoginPath,
    ceremony: 'get',
    fields: html`<p class="or">${words.or}</p>
      <input type="hidden" name="interaction" value="${interaction}" />`,
    problem: words.wrongPasskey,
    button: html`<button class="quiet">${words.usePasskey}</button>`,
  })
}

interface ConsentView extends FormView {
  readonly scopes: readonly string[]
  readonly person: string
  readonly subjectId: string
}

/** The consent page. */
export function consentPage(view: ConsentView): Answer {
  const { words, interaction, clientName, redirectUri, scopes, person, subjectId } = view
  return formPage(
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
  return formPage(status, words, device.title, targetsOf(undefined), [
    html`<p class="lead">${code === '' ? device.typeCode : device.compareCode}</p>`,
    problemLine(problem),
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

/** Asks whether to let the device in. It is shown each time, even if the client was allowed before. */
export function deviceConsentPage(
  words: Words,
  view: Pick<ConsentView, 'clientName' | 'scopes' | 'person' | 'subjectId'> & {
    readonly confirmation: string
    readonly code: string
  },
): Answer {
  const { confirmation, clientName, scopes, person, subjectId, code } = view
  const title = fill(words.consentTitle, { client: clientName })
  return formPage(200, words, title, targetsOf(undefined), [
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

/** Asks whether to log out. */
export function logoutPage(
  words: Words,
  confirmation: string,
  redirectUri: string | undefined,
): Answer {
  return formPage(200, words, words.logoutTitle, targetsOf(redirectUri), [
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
