import { MAX_PASSKEY_NAME_LENGTH, type Passkey } from '../../../../domain/passkey.ts'
import type { Answer } from '../../../surface.ts'
import { formPage, problemLine } from '../../../form-page.ts'
import { html } from '../../../html.ts'
import { passkeyForm, passkeyList } from '../../../passkey-forms.ts'
import type { Words } from '../words.ts'
import { passkeysWords } from './words.ts'

export const passkeysPath = '/devices/passkeys'
export const newPasskeyPath = '/devices/passkeys/new'
export const passkeyScriptPath = '/login/passkeys.js'

export interface PasskeysView {
  readonly person: string
  readonly held: readonly Passkey[]
  readonly isPossible: boolean
  /** What the forms prove with that they are of this page. */
  readonly token: string
  /** What a new one is called unless the person writes something else. */
  readonly newName: string
}

/** A person's own passkeys: to look at, to remove, to add one. */
export function passkeysPage(status: 200 | 400, words: Words, view: PasskeysView): Answer {
  const { person, held, isPossible, token, newName } = view
  const own = passkeysWords[words.lang]
  const proof = html`<input type="hidden" name="token" value="${token}" />`
  return formPage(
    status,
    words,
    own.title,
    ["'self'"],
    [
      html`<p class="lead">${person}</p>`,
      problemLine(status === 400 ? own.wrong : undefined),
      html`<p>${isPossible ? own.lead : own.notHere}</p>`,
      passkeyList(own, passkeysPath, held, proof),
      held.length === 0 ? html`` : html`<p>${own.removing}</p>`,
      passkeyForm({
        action: passkeysPath,
        challengePath: newPasskeyPath,
        ceremony: 'create',
        fields: html`${proof}
          <label
            >${own.name}<input
              name="name"
              value="${newName}"
              maxlength="${String(MAX_PASSKEY_NAME_LENGTH)}"
              autocomplete="off"
          /></label>`,
        problem: own.wrong,
        button: html`<button>${own.add}</button>`,
      }),
      html`<p class="onward"><a href="/devices">${own.back}</a></p>`,
    ],
    isPossible ? { script: { path: passkeyScriptPath } } : {},
  )
}
