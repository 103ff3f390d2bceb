/**
 * The frame of session management (OpenID Connect Session Management 1.0, section 3.3). A page of a
 * client sends `client_id session_state`, and is told `unchanged`, `changed`, or `error`.
 */

const COOKIE = /(?:^|; )(?:__Host-)?outright-state=([\w-]*)/
const STATE = /^([\w-]{43})\.([\w-]{22})$/
const MAX_LENGTH = 512
const MAX_KNOWN = 16

/** @type {Map<string, Promise<boolean>>} */
const known = new Map()

/**
 * Whether a page at this origin may be that of the client. Asked once: a page polls every second.
 *
 * @param {string} client
 * @param {string} origin
 * @returns {Promise<boolean>}
 */
function isKnown(client, origin) {
  const query = new URLSearchParams({ client_id: client, origin }).toString()
  const asked = known.get(query)
  if (asked !== undefined) return asked
  const asking = fetch(`/oidc/check-session/client?${query}`)
    .then((answer) => answer.json())
    .then(({ isKnown: is }) => is === true)
    .catch(() => {
      known.delete(query)
      return false
    })
  if (known.size >= MAX_KNOWN) known.clear()
  known.set(query, asking)
  return asking
}

/** @param {string} text */
async function hash(text) {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const binary = String.fromCharCode(...new Uint8Array(bytes))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/**
 * @param {unknown} message
 * @param {string} origin
 * @returns {Promise<'changed' | 'unchanged' | 'error'>}
 */
async function judge(message, origin) {
  if (typeof message !== 'string' || message.length > MAX_LENGTH) return 'error'
  const at = message.lastIndexOf(' ')
  const client = message.slice(0, Math.max(at, 0))
  const [, wanted, salt] = STATE.exec(message.slice(at + 1)) ?? []
  if (client === '' || wanted === undefined || !(await isKnown(client, origin))) return 'error'
  // Where the browser keeps the cookie from this frame it cannot say: `changed` would send the
  // person through a login that changes nothing, again and again.
  if (!(await document.hasStorageAccess())) return 'error'
  const [, state = ''] = COOKIE.exec(document.cookie) ?? []
  return (await hash(`${client} ${origin} ${state} ${salt}`)) === wanted ? 'unchanged' : 'changed'
}

/** @param {MessageEvent} question */
async function answer({ data, origin }) {
  /** @type {string} */
  let status = 'error'
  try {
    status = await judge(data, origin)
  } finally {
    parent.postMessage(status, origin)
  }
}

addEventListener('message', (question) => {
  // The page that shows this frame, and no other; one without an origin cannot be answered.
  const isOfPage = question.source === parent && parent !== window
  if (isOfPage && question.origin !== 'null') void answer(question)
})
