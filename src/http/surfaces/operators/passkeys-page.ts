import type { Passkey } from '../../../domain/passkey.ts'
import type { Answer } from '../../surface.ts'
import { formPage, problemLine } from '../../form-page.ts'
import { html, type Html } from '../../html.ts'
import { passkeyForm, passkeyList } from '../../passkey-forms.ts'
import { CONSOLE_PATH, newPasskeyPath, passkeysPath } from '../../operator-paths.ts'
import { scriptPath } from './script.ts'
import type { Words } from './words.ts'

export interface PasskeysView {
  readonly name: string
  readonly held: readonly Passkey[]
  readonly isPossible: boolean
  /** They sign in at an identity provider, and nowhere else. */
  readonly isFromProvider: boolean
}

/** An operator's own passkeys: to look at, to remove, to add one. */
export function passkeysPage(
  status: 200 | 400,
  words: Words,
  { name, held, isPossible, isFromProvider }: PasskeysView,
): Answer {
  if (isFromProvider) {
    return formPage(
      status,
      words,
      words.passkeys,
      ["'none'"],
      [html`<p class="lead">${name}</p>`, html`<p>${words.passkeysElsewhere}</p>`, onward(words)],
    )
  }
  return formPage(
    status,
    words,
    words.passkeys,
    ["'self'"],
    [
      html`<p class="lead">${name}</p>`,
      problemLine(status === 400 ? words.wrongPasskey : undefined),
      html`<p>${isPossible ? words.passkeysLead : words.passkeysNotHere}</p>`,
      passkeyList(words, passkeysPath, held),
      passkeyForm({
        action: passkeysPath,
        challengePath: newPasskeyPath,
        ceremony: 'create',
        fields: html``,
        problem: words.wrongPasskey,
        button: html`<button>${words.addPasskey}</button>`,
      }),
      onward(words),
    ],
    isPossible ? { script: { path: scriptPath } } : {},
  )
}

function onward(words: Words): Html {
  return html`<p class="onward"><a href="${CONSOLE_PATH}">${words.toConsole}</a></p>`
}
