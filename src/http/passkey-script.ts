/**
 * What a page needs for passkeys, in a file of its own: no code stands in a page. A form with
 * `data-passkey` names where a challenge is asked for, `data-ceremony` whether a passkey is made
 * (`create`) or used (`get`). Its button stays hidden where the browser knows no passkeys. What the
 * browser makes goes into the field `passkey`, and the form is sent like any other.
 */
export const passkeyScript: string = `
for (const form of document.querySelectorAll('form[data-passkey]')) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) break
  form.hidden = false
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const button = form.querySelector('button')
    button.disabled = true
    try {
      const answer = await fetch(form.dataset.passkey, { method: 'POST' })
      if (!answer.ok) throw new Error('no challenge')
      const options = await answer.json()
      const credential = form.dataset.ceremony === 'create'
        ? await navigator.credentials.create({
            publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({
            publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
      form.elements.passkey.value = JSON.stringify(credential)
      form.submit()
    } catch {
      button.disabled = false
      form.querySelector('[role=alert]').hidden = false
    }
  })
}
`
