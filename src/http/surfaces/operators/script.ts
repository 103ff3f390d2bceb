/** What the pages of operators run: a file of its own, because the policy lets no code into a page. */

export const scriptPath = '/console/sign-in.js'

import { passkeyScript } from '../../passkey-script.ts'

/**
 * Passkeys, and: takes the code of an invitation out of the address, where it would stay in the
 * history, and puts it into the form.
 */
export const script: string = `
const field = document.querySelector('[data-code]')
const code = location.hash.slice(1)
if (field !== null && /^[\\w-]{43}$/.test(code)) {
  history.replaceState(null, '', location.pathname)
  field.querySelector('input').value = code
  field.hidden = true
  document.querySelector('input[name=name]').focus()
}
${passkeyScript}`
