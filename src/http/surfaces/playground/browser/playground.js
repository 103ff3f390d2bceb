/**
 * The playground: logs in, asks three servers again and again with the token, logs out, and says
 * when each of them refused. All requests are real and go from this page to the servers.
 */
import { exchange, streamEnd, toldBy } from './requests.js'
import * as view from './view.js'

/** @typedef {import('./requests.js').Ask} Ask */
/** @typedef {import('./requests.js').Exchange} Exchange */
/** @typedef {import('../index.ts').Playground} Playground */
/** @typedef {Playground['tours'][number]} Tour */
/** @typedef {Tour['logout']} Call */

/** Pause between two questions to a server: while nothing happens, during the logout, and after it. */
const CALM_MS = 400
const BUSY_MS = 5
const AFTER_MS = 30
/** For how long it goes on after the logout has been answered. */
const AFTERWARDS_MS = 1500
/** Servers of the demo that have only been started are waited for. */
const STARTING_MS = 500

/** @param {number} delayMs */
const pause = (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs))

/** @type {Playground} */
const { tours, apps } = await (await fetch('/demo/playground.json', { cache: 'no-store' })).json()
if (apps.length === 0) {
  // The page may call those servers alone that were there when it was made.
  await pause(STARTING_MS)
  location.reload()
}

const cards = new Map(apps.map((app) => [app.name, view.card(app)]))
/** @type {Tour | undefined} */
let chosen = tours[0]
/** @type {Session | undefined} */
let session

/** What the calls of a login have taken, and who watches the token. */
class Session {
  /** @param {string} origin Of the server that is called. */
  constructor(origin) {
    this.origin = origin
  }

  /** @type {Map<string, string>} */
  taken = new Map([['device', `demo-${crypto.randomUUID()}`]])
  /** @type {Exchange[]} */
  checks = []
  /** @type {Map<string, number>} */
  streamEnds = new Map()
  pauseMs = CALM_MS
  stopped = new AbortController()

  /**
   * @param {Call} call
   * @returns {Ask}
   */
  askFor({ method, path, headers = {}, body }) {
    const filled = Object.entries(headers).map(([name, value]) => [name, this.fill(value)])
    return {
      method,
      url: this.origin + this.fill(path),
      headers: Object.fromEntries(filled),
      ...(body === undefined ? {} : { body: this.fill(body) }),
    }
  }

  /** @param {string} text */
  fill(text) {
    return text.replaceAll(/\{(\w+)\}/g, (_, name) => this.taken.get(name) ?? '')
  }

  /** @param {Call} call */
  async make(call) {
    const ask = this.askFor(call)
    const one = await exchange(ask)
    view.logRequest(one, `${ask.method} ${placeOf(ask.url)}`)
    const told = call.tells === true ? toldBy(one) : undefined
    if (told !== undefined) view.logRequest(told, 'The provider tells Outright before it answers')
    const isDone = one.status >= 200 && one.status < 300 && this.take(call, one.text)
    return { ...one, isDone, told }
  }

  /**
   * False where what is wanted is not there.
   *
   * @param {Call} call
   * @param {string} text
   */
  take({ takes = {}, isBase64 }, text) {
    for (const [name, path] of Object.entries(takes)) {
      const value = path.split('.').reduce((inner, member) => inner?.[member], JSON.parse(text))
      if (typeof value !== 'string') return false
      this.taken.set(name, isBase64 === true ? atob(value) : value)
    }
    return true
  }

  /** @param {Playground['apps'][number]} app */
  async watch({ name, url }) {
    const headers = { authorization: this.fill('Bearer {token}') }
    const stream = { method: 'GET', url: `${url}/live`, headers }
    void streamEnd(stream, this.stopped.signal).then((endMs) => this.streamEnds.set(name, endMs))
    /** @type {{ readonly status: number; readonly again: () => void } | undefined} */
    let last
    while (!this.stopped.signal.aborted) {
      const one = await exchange({ method: 'GET', url: `${url}/`, headers })
      if (this.stopped.signal.aborted) return
      this.checks.push(one)
      cards.get(name)?.show(one)
      if (last?.status === one.status) last.again()
      else last = { status: one.status, again: view.logRequest(one, `${name}, with the token`) }
      await pause(this.pauseMs)
    }
  }
}

async function login() {
  if (chosen === undefined) return
  view.hideResult()
  performance.clearResourceTimings()
  for (const one of cards.values()) one.clear()
  view.showState('busy', 'Logging in…')
  session = new Session(chosen.origin ?? location.origin)
  for (const call of chosen.login) {
    const one = await session.make(call)
    if (!one.isDone) {
      view.showState('out', failureText('The login', one), 'bad')
      return
    }
  }
  view.showToken(session.fill('{token}'), chosen.origin !== undefined)
  for (const app of apps) void session.watch(app)
  view.showState('in', 'You are logged in. Three servers check the token, each by itself.', 'good')
}

async function logout() {
  const current = session
  if (current === undefined || chosen === undefined) return
  view.showState('busy', 'Logging out…')
  current.pauseMs = BUSY_MS
  const answer = await current.make(chosen.logout)
  if (!answer.isDone) {
    current.pauseMs = CALM_MS
    view.showState('in', `${failureText('The logout', answer)} You may still be logged in.`, 'bad')
    return
  }
  current.pauseMs = AFTER_MS
  await pause(AFTERWARDS_MS)
  current.stopped.abort()
  report(current, answer)
}

/**
 * Says what was measured, whatever it was.
 *
 * @param {Session} current
 * @param {Exchange & { readonly told?: Exchange | undefined }} answer To the logout.
 */
function report({ checks, streamEnds }, answer) {
  const { answeredMs, told } = answer
  const { headers } = told ?? answer
  // The browser's own record, which does not wait for this page's turn.
  const recorded = timingOf(answer.ask.url)
  const sentMs = recorded?.startTime ?? answer.sentMs
  const tookMs = (recorded?.responseStart || answeredMs) - sentMs
  const rows = apps.flatMap(({ name, url }) => {
    const refusals = checks.filter(({ ask, status }) => ask.url === `${url}/` && status === 401)
    if (refusals.length === 0) return []
    // Its stream ends when a server knows; that it refuses is what the requests say.
    const endMs = timingOf(`${url}/live`)?.responseEnd || (streamEnds.get(name) ?? 0)
    const times = [...refusals.map((one) => one.answeredMs), ...(endMs > sentMs ? [endMs] : [])]
    return [{ name, ms: Math.min(...times) - sentMs }]
  })
  const later = checks.filter((one) => one.sentMs >= answeredMs)
  const accepted = later.filter(({ status }) => status === 200).length
  const missing = apps.length - rows.length
  const isFirst = rows.every((row) => row.ms <= tookMs)
  const isGood = accepted === 0 && missing === 0
  view.showRace({ rows, tookMs, title: titleOf(accepted, missing, isFirst), isGood })
  view.showFacts([
    ['Asked after the answer', `${String(later.length)} times, let in ${String(accepted)}`],
    [
      told === undefined ? 'Receipt' : 'Receipt that the provider got',
      headers?.get('outright-revocation') ?? 'none',
    ],
    ['Confirmed', confirmedText(headers?.get('outright-confirmed') ?? '')],
  ])
  view.showState('out', 'You are logged out.', isGood ? 'good' : 'bad')
}

/**
 * A path of this server, or the address of another.
 *
 * @param {string} url
 */
function placeOf(url) {
  const { origin, host, pathname } = new URL(url)
  return origin === location.origin ? pathname : host + pathname
}

/**
 * The last request to an address, as the browser has timed it.
 *
 * @param {string} url
 */
function timingOf(url) {
  return /** @type {PerformanceResourceTiming | undefined} */ (
    performance.getEntriesByName(url, 'resource').at(-1)
  )
}

/**
 * @param {number} accepted
 * @param {number} missing
 * @param {boolean} isFirst
 */
function titleOf(accepted, missing, isFirst) {
  if (accepted > 0) return `A server let you in after the answer. That must never happen.`
  if (missing > 0) return `${String(missing)} of ${String(apps.length)} servers could not be asked.`
  return isFirst
    ? 'All three refused you before the logout had answered.'
    : 'All three refuse you: not one let you in after the logout was answered.'
}

/** @param {string} header `4/4;lapsed=0;ms=3` */
function confirmedText(header) {
  const [, done, all, lapsed, took] = /^(\d+)\/(\d+);lapsed=(\d+);ms=(\d+)/.exec(header) ?? []
  if (done === undefined) return 'no receipt came'
  const gone = lapsed === '0' ? '' : `, ${String(lapsed)} could accept nothing any more`
  return `by ${done} of ${String(all)} in ${String(took)} ms${gone}: these servers and the logout server`
}

/**
 * @param {string} what
 * @param {Exchange} one
 */
function failureText(what, { status, headers }) {
  if (status === 0) return `${what} got no answer: the server cannot be reached.`
  const retry = headers?.get('retry-after')
  const when = retry == null ? '' : ` Try again in ${retry} s.`
  return `${what} was refused (${String(status)}).${when}`
}

performance.setResourceTimingBufferSize(10_000)
view.showTours(tours, (index) => {
  chosen = tours[index]
  view.showTour(chosen?.says ?? '')
})
view.showTour(chosen?.says ?? '')
view.listen({ login: () => void login(), logout: () => void logout() })
view.showState('out', 'You are not logged in.')
