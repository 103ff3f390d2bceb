/** What pages with passkeys have in common. `passkey-script.ts` says what the forms need of it. */
import type { Passkey } from '../domain/passkey.ts'
import { isolated } from '../protocol/isolated.ts'
import { html, type Html } from './html.ts'

export interface PasskeyForm {
  readonly action: string
  /** Where a challenge is asked for. */
  readonly challengePath: string
  readonly ceremony: 'create' | 'get'
  /** What the form sends beside the passkey, and what stands above it. */
  readonly fields: Html
  /** What is said where the browser or the person breaks off. */
  readonly problem: string
  readonly button: Html
}

/** A form that makes or uses a passkey. It is hidden until the script has found that it can. */
export function passkeyForm(form: PasskeyForm): Html {
  const { action, challengePath, ceremony, fields, problem, button } = form
  return html`<form
    method="post"
    action="${action}"
    data-passkey="${challengePath}"
    data-ceremony="${ceremony}"
    hidden
  >
    ${fields}
    <input type="hidden" name="passkey" />
    <p class="problem" role="alert" hidden>${problem}</p>
    <div class="buttons">${button}</div>
  </form>`
}

export interface PasskeyWords {
  readonly addedOn: string
  readonly lastUsed: string
  readonly neverUsed: string
  readonly removePasskey: string
}

/** Passkeys of one holder, each with a button that removes it. */
export function passkeyList(
  words: PasskeyWords,
  action: string,
  held: readonly Passkey[],
  fields: Html = html``,
): Html {
  return html`<ul class="plain">
    ${held.map((one) => passkeyItem(words, action, one, fields))}
  </ul>`
}

function passkeyItem(words: PasskeyWords, action: string, passkey: Passkey, fields: Html): Html {
  const { id, name, createdAtMs, lastUsedAtMs } = passkey
  const used = lastUsedAtMs === undefined ? words.neverUsed : day(lastUsedAtMs)
  const about = name === '' ? day(createdAtMs) : name
  return html`<li>
    <form method="post" action="${action}">
      ${fields}
      <input type="hidden" name="remove" value="${id}" />
      <p>
        ${name === '' ? html`` : html`<strong>${isolated(name)}</strong><br />`} ${words.addedOn}
        ${day(createdAtMs)}<br />
        <small>${words.lastUsed}: ${used}</small>
      </p>
      <button class="quiet" aria-label="${words.removePasskey}: ${about}">
        ${words.removePasskey}
      </button>
    </form>
  </li>`
}

/** The same in every language. */
function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
