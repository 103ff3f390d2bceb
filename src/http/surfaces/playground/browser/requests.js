/** Requests that are really made, what came back and how long it took, and each of them as `curl`. */

/**
 * @typedef {object} Ask
 * @property {string} method
 * @property {string} url
 * @property {Readonly<Record<string, string>>} [headers]
 * @property {string} [body]
 */

/**
 * @typedef {object} Exchange
 * @property {Ask} ask
 * @property {number} status 0 where nothing came back.
 * @property {Headers | undefined} headers
 * @property {string} text The body; why nothing came, where nothing did.
 * @property {number} sentMs By the clock of the page.
 * @property {number} answeredMs
 */

const TIMEOUT_MS = 10_000

/**
 * Never throws: what went wrong is shown like any other answer.
 *
 * @param {Ask} ask
 * @returns {Promise<Exchange>}
 */
export async function exchange(ask) {
  const { method, url, headers, body } = ask
  const sentMs = performance.now()
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const init = { method, cache: /** @type {const} */ ('no-store'), signal }
    const response = await fetch(url, {
      ...init,
      credentials: 'omit',
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    })
    // When the answer is there; its body is a matter of bytes.
    const answeredMs = performance.now()
    const text = await response.text()
    const { status, headers: received } = response
    return { ask, status, headers: received, text, sentMs, answeredMs }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { ask, status: 0, headers: undefined, text, sentMs, answeredMs: performance.now() }
  }
}

/**
 * What a server says that it has told Outright meanwhile; undefined where it says nothing.
 *
 * @param {Exchange} one
 * @returns {Exchange | undefined}
 */
export function toldBy({ text, answeredMs }) {
  /** @type {import('../../../node-view.ts').ToldRequest | undefined} */
  const told = text.startsWith('{') ? JSON.parse(text).told : undefined
  if (told === undefined) return undefined
  const { ask, status, headers, tookMs } = told
  const sentMs = answeredMs - tookMs
  return { ask, status, headers: new Headers(headers), text: told.text, sentMs, answeredMs }
}

/**
 * A stream that goes on for as long as the server lets it; resolves with when it ended.
 *
 * @param {Ask} ask
 * @param {AbortSignal} signal
 * @returns {Promise<number>}
 */
export async function streamEnd({ url, headers = {} }, signal) {
  try {
    const response = await fetch(url, { headers, cache: 'no-store', credentials: 'omit', signal })
    const reader = response.body?.getReader()
    while (reader !== undefined && !(await reader.read()).done);
  } catch {
    // Cut off, which is an end as well.
  }
  return performance.now()
}

/** @param {Ask} ask */
export function asCurl({ method, url, headers = {}, body }) {
  const isImplied = method === (body === undefined ? 'GET' : 'POST')
  return [
    'curl -si',
    ...(isImplied ? [] : [`-X ${method}`]),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
    quoted(url),
  ].join(' ')
}

/** @param {string} text */
function quoted(text) {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
