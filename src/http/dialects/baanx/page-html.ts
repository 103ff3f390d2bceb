/** The markup of the login and consent page: no script, no image, in the style of all form pages. */
import type { Answer } from '../../surface.ts'
import { formPage } from '../../form-page.ts'
import { formTargets, html, type Html } from '../../html.ts'

export interface FormView {
  /** Path that the form is sent to. */
  readonly action: string
  readonly token: string
  readonly clientName: string
  readonly redirectUri: string
  /** What went wrong with the attempt before; undefined for the first. */
  readonly problem: string | undefined
  /** Set where the password was right and a one-time password is asked for. */
  readonly otpStep: string | undefined
}

/** The form: e-mail address and password, or the one-time password after them. */
export function renderForm(view: FormView, status = 200): Answer {
  const { action, token, clientName, redirectUri, problem, otpStep } = view
  return page(status, `Log in to continue to ${clientName}`, formTargets(redirectUri), [
    html`<p>
      ${clientName} will get access to your account until you log out of it or revoke it.
    </p>`,
    ...(problem === undefined ? [] : [html`<p class="problem" role="alert">${problem}</p>`]),
    html`<form method="post" action="${action}">
      <input type="hidden" name="token" value="${token}" />
      ${otpStep === undefined ? passwordFields : otpFields(otpStep)}
      <div class="buttons">
        <button name="decision" value="allow">Allow</button>
        <button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
      </div>
    </form>`,
  ])
}

const passwordFields = html`<label
    >E-mail address <input type="email" name="email" autocomplete="username" required autofocus
  /></label>
  <label
    >Password <input type="password" name="password" autocomplete="current-password" required
  /></label>`

function otpFields(step: string): Html {
  return html`<input type="hidden" name="step" value="${step}" />
    <label
      >The six digits that were sent to your phone
      <input
        name="otpCode"
        inputmode="numeric"
        pattern="[0-9]{6}"
        autocomplete="one-time-code"
        required
        autofocus
    /></label>`
}

/** A page that only says something. */
export function renderNotice(status: number, title: string, text: string): Answer {
  return page(status, title, ["'none'"], [html`<p>${text}</p>`])
}

/** What ties the form to its authorization is in the form, so no request needs an `Origin`. */
function page(
  status: number,
  title: string,
  formAction: readonly string[],
  parts: readonly Html[],
): Answer {
  const answer = formPage(status, { lang: 'en' }, title, formAction, parts)
  const headers = { 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' }
  return { ...answer, headers: { ...answer.headers, ...headers } }
}
