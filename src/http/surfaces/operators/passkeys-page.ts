import type { Passkey } from '../../../domain/passkey.ts'
import type { Answer } from '../../surface.ts'
import { formPage } from '../../form-page.ts'
import { html, type Html } from '../../html.ts'
import { CONSOLE_PATH, newPasskeyPath, passkeysPath } from '../../operator-paths.ts'
import { problemLine } from './pages.ts'
import { scriptPath } from './script.ts'
import type { Words } from './words.ts'

export interface PasskeysView {
  readonly name: string
  readonly held: readonly Passkey[]
  readonly isPossible: boolean
}

/** An operator's own passkeys: to look at, to remove, to add one. */
export function passkeysPage(
  status: 200 | 400,
  words: Words,
  { name, held, isPossible }: PasskeysView,
): Answer {
  return formPage(
    status,
    words,
    words.passkeys,
    ["'self'"],
    [
      html`<p class="lead">${name}</p>`,
      problemLine(status === 400 ? words.wrongPasskey : undefined),
      html`<p>${isPossible ? words.passkeysLead : words.passkeysNotHere}</p>`,
      html`<ul class="plain">
        ${held.map((one) => passkeyItem(words, one))}
      </ul>`,
      html`<form
        method="post"
        action="${passkeysPath}"
        data-passkey="${newPasskeyPath}"
        data-ceremony="create"
        hidden
      >
        <input type="hidden" name="passkey" />
        <p class="problem" role="alert" hidden>${words.wrongPasskey}</p>
        <div class="buttons"><button>${words.addPasskey}</button></div>
      </form>`,
      html`<p class="onward"><a href="${CONSOLE_PATH}">${words.toConsole}</a></p>`,
    ],
    isPossible ? { script: { path: scriptPath } } : {},
  )
}

function passkeyItem(words: Words, { id, createdAtMs, lastUsedAtMs }: Passkey): Html {
  const used = lastUsedAtMs === undefined ? words.neverUsed : day(lastUsedAtMs)
  return html`<li>
    <form method="post" action="${passkeysPath}">
      <input type="hidden" name="remove" value="${id}" />
      <p>
        ${words.addedOn} ${day(createdAtMs)}<br />
        <small>${words.lastUsed}: ${used}</small>
      </p>
      <button class="quiet">${words.removePasskey}</button>
    </form>
  </li>`
}

/** The same in every language. */
function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
