/**
 * The markup of the login and consent page: no script, no image, one style sheet that the policy
 * names by its hash. Everything that came from outside is escaped.
 */
import { createHash } from 'node:crypto'
import type { Answer } from '../../surface.ts'
import { formTargets } from '../../html.ts'

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; }
main { width: min(22rem, calc(100vw - 3rem)); padding: 2rem 0; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .5rem; }
p { margin: 0 0 1.25rem; }
label { display: block; margin: 0 0 1rem; font-size: .9rem; }
input { display: block; width: 100%; box-sizing: border-box; margin-top: .25rem; padding: .6rem .7rem;
  font: inherit; border: 1px solid GrayText; border-radius: .4rem; background: Field; color: FieldText; }
input:focus-visible, button:focus-visible { outline: 3px solid #4c8dff; outline-offset: 1px; }
.buttons { display: flex; gap: .75rem; }
button { flex: 1; padding: .65rem; font: inherit; font-weight: 600; border-radius: .4rem; cursor: pointer;
  border: 1px solid #1d5fd1; background: #1d5fd1; color: #fff; }
button.quiet { background: transparent; color: CanvasText; border-color: GrayText; }
.problem { padding: .6rem .8rem; border-left: 4px solid #c62828; background: rgb(198 40 40 / .1); }
`

const styleHash = createHash('sha256').update(style).digest('base64')

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
  const name = escapeHtml(clientName)
  const body = `
<h1>Log in to continue to ${name}</h1>
<p>${name} will get access to your account until you log out of it or revoke it.</p>
${problem === undefined ? '' : `<p class="problem" role="alert">${escapeHtml(problem)}</p>`}
<form method="post" action="${escapeHtml(action)}">
<input type="hidden" name="token" value="${escapeHtml(token)}">
${otpStep === undefined ? passwordFields : otpFields(otpStep)}
<div class="buttons">
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
</div>
</form>`
  return page(status, 'Log in', body, formTargets(redirectUri).join(' '))
}

const passwordFields = `<label>E-mail address
<input type="email" name="email" autocomplete="username" required autofocus></label>
<label>Password
<input type="password" name="password" autocomplete="current-password" required></label>`

function otpFields(step: string): string {
  return `<input type="hidden" name="step" value="${escapeHtml(step)}">
<label>The six digits that were sent to your phone
<input name="otpCode" inputmode="numeric" pattern="[0-9]{6}" autocomplete="one-time-code" required autofocus></label>`
}

/** A page that only says something. */
export function renderNotice(status: number, title: string, text: string): Answer {
  return page(status, title, `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(text)}</p>`, "'none'")
}

function page(status: number, title: string, body: string, formAction: string): Answer {
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy.join('; '),
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
    },
    body: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>${body}
</main>
</body>
</html>
`,
  }
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
