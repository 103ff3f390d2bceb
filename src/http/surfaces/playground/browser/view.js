/** What the page shows. It is told what is so, and decides nothing. */
import { asCurl } from './requests.js'

/** @typedef {import('./requests.js').Ask} Ask */
/** @typedef {import('./requests.js').Exchange} Exchange */

/** @param {string} id */
function part(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no ${id}`)
  return found
}

const [status, says] = [part('status'), part('says')]
const [login, logout] = [part('login'), part('logout')]

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string>>} [attributes]
 * @param {readonly (Node | string)[]} [children]
 */
function element(tag, attributes = {}, children = []) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  made.append(...children)
  return made
}

/**
 * @param {readonly { readonly api: string }[]} tours
 * @param {(index: number) => void} onChosen
 */
export function showTours(tours, onChosen) {
  for (const [index, { api }] of tours.entries()) {
    const input = element('input', { type: 'radio', name: 'tour', value: String(index) })
    input.addEventListener('change', () => onChosen(index))
    if (index === 0) input.setAttribute('checked', '')
    part('tours').append(element('label', {}, [input, element('span', {}, [api])]))
  }
  // Not in the page that was sent: without scripts its buttons do nothing.
  part('controls').hidden = false
}

/** @param {string} text */
export function showTour(text) {
  says.textContent = text
}

/**
 * @param {'out' | 'busy' | 'in'} state
 * @param {string} text
 * @param {'plain' | 'good' | 'bad'} [tone]
 */
export function showState(state, text, tone = 'plain') {
  login.toggleAttribute('disabled', state !== 'out')
  logout.toggleAttribute('disabled', state !== 'in')
  part('tours').toggleAttribute('disabled', state !== 'out')
  status.textContent = text
  status.dataset['tone'] = tone
}

/** @param {{ readonly login: () => void; readonly logout: () => void }} on */
export function listen(on) {
  login.addEventListener('click', on.login)
  logout.addEventListener('click', on.logout)
}

const words = new Map([
  ['none', 'Not logged in'],
  ['in', 'Lets you in'],
  ['out', 'Refuses you'],
  ['unsure', 'Cannot be sure, so it refuses'],
  ['silent', 'Does not answer'],
])

/** @param {number} code Of an answer. */
export function verdictOf(code) {
  if (code === 200) return 'in'
  if (code === 401) return 'out'
  return code === 503 ? 'unsure' : 'silent'
}

const MARKS_SHOWN = 40

/**
 * A server's card.
 *
 * @param {{ readonly name: string; readonly url: string }} app
 */
export function card({ name, url }) {
  const verdict = element('p', { class: 'verdict' }, [words.get('none') ?? ''])
  const strip = element('div', { class: 'strip', 'aria-hidden': 'true' })
  const count = element('p', { class: 'count' }, [' '])
  const root = element('li', { class: 'app', 'data-verdict': 'none' }, [
    element('h2', {}, [name]),
    element('p', { class: 'address' }, [new URL(url).host]),
    verdict,
    strip,
    count,
  ])
  part('apps').append(root)
  let asked = 0
  /** @param {string} state */
  const turn = (state) => {
    if (root.dataset['verdict'] === state) return
    root.dataset['verdict'] = state
    verdict.textContent = words.get(state) ?? state
  }
  return {
    clear() {
      asked = 0
      turn('none')
      strip.replaceChildren()
      count.textContent = ' '
    },
    /** @param {Exchange} one */
    show({ status: code, sentMs, answeredMs }) {
      asked++
      turn(verdictOf(code))
      strip.append(element('i', { class: verdictOf(code) }))
      while (strip.childElementCount > MARKS_SHOWN) strip.firstElementChild?.remove()
      const answer = code === 0 ? 'no answer' : String(code)
      count.textContent = `${asked} asked · last: ${answer} in ${ms(answeredMs - sentMs)}`
    },
  }
}

/** @param {number} value */
export function ms(value) {
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
}

/**
 * A line for each server: when it turned from letting in to refusing; below them the logout.
 *
 * @param {object} race
 * @param {readonly { readonly name: string; readonly ms: number }[]} race.rows
 * @param {number} race.tookMs
 * @param {string} race.title
 * @param {boolean} race.isGood
 */
export function showRace({ rows, tookMs, title, isGood }) {
  const wholeMs = Math.max(...rows.map((row) => row.ms), tookMs) * 1.15
  const lines = rows.map(({ name, ms: at }) => line(name, 'in', at, `refused at ${ms(at)}`))
  const answer = line('Logout', 'asked', tookMs, `answered at ${ms(tookMs)}`)
  part('race').replaceChildren(...lines, answer)
  part('race-title').textContent = title
  part('result').dataset['tone'] = isGood ? 'good' : 'bad'
  part('result').hidden = false

  /**
   * @param {string} name
   * @param {string} before What it is up to then.
   * @param {number} at
   * @param {string} text
   */
  function line(name, before, at, text) {
    const bar = element('span', { class: before })
    bar.style.width = `${String((at / wholeMs) * 100)}%`
    return element('li', { class: before }, [
      element('span', { class: 'who' }, [name]),
      element('span', { class: 'track' }, [bar]),
      element('span', { class: 'at' }, [text]),
    ])
  }
}

/** @param {readonly (readonly [string, string])[]} rows */
export function showFacts(rows) {
  part('facts').replaceChildren(
    ...rows.flatMap(([name, value]) => [element('dt', {}, [name]), element('dd', {}, [value])]),
  )
}

/**
 * @param {string} token
 * @param {boolean} isForeign True: another server than Outright has signed it.
 */
export function showToken(token, isForeign) {
  const [header, claims] = token.split('.', 2).map(decoded)
  const signer = isForeign ? `${String(claims.iss)}, not by Outright` : `Outright (${claims.iss})`
  part('token-says').textContent = `The token of ${String(claims.sub)}, signed by ${signer}`
  part('token-claims').textContent =
    `${JSON.stringify(header)}\n${JSON.stringify(claims, undefined, 2)}`
  part('token').hidden = false
}

/** @param {string} encoded A part of a JWT. */
function decoded(encoded) {
  const bytes = Uint8Array.from(atob(encoded.replaceAll('-', '+').replaceAll('_', '/')), (one) =>
    one.charCodeAt(0),
  )
  return JSON.parse(new TextDecoder().decode(bytes))
}

export function hideResult() {
  part('result').hidden = true
  part('token').hidden = true
  part('requests').replaceChildren()
  part('log').hidden = true
}

const shownHeaders = [
  'outright-revocation',
  'outright-confirmed',
  'content-type',
  'www-authenticate',
  'retry-after',
]
const MAX_BODY = 1200

/**
 * One request in the list; the same again and again is one line.
 *
 * @param {Exchange} one
 * @param {string} what
 */
export function logRequest(one, what) {
  const { ask, status: code, sentMs, answeredMs } = one
  const times = element('span', { class: 'times' })
  const summary = element('summary', {}, [
    element('b', { class: code === 0 ? 'silent' : code < 400 ? 'in' : 'out' }, [
      code === 0 ? 'none' : String(code),
    ]),
    element('span', { class: 'what' }, [what]),
    times,
    element('span', { class: 'took' }, [ms(answeredMs - sentMs)]),
  ])
  const curl = asCurl(ask)
  const copy = element('button', { type: 'button', class: 'quiet copy' }, ['Copy'])
  copy.addEventListener('click', () => {
    void copyText(curl, copy)
  })
  const row = element('details', {}, [
    summary,
    element('p', { class: 'label' }, ['As curl', copy]),
    element('pre', { class: 'curl', tabindex: '0' }, [curl]),
    element('p', { class: 'label' }, ['Answer']),
    element('pre', { tabindex: '0' }, [answerText(one)]),
  ])
  part('requests').append(element('li', {}, [row]))
  part('log').hidden = false
  let again = 1
  return () => {
    again++
    times.textContent = `${String(again)} times`
  }
}

/** @param {Exchange} one */
function answerText({ status: code, headers, text }) {
  if (code === 0) return text
  const lines = shownHeaders.flatMap((name) => {
    const value = headers?.get(name)
    return value == null ? [] : [`${name}: ${value}`]
  })
  const body = text.length > MAX_BODY ? `${text.slice(0, MAX_BODY)}…` : text
  return [`HTTP ${String(code)}`, ...lines, '', body].join('\n').trimEnd()
}

/**
 * @param {string} text
 * @param {HTMLElement} button
 */
async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  } catch {
    // No clipboard here; the text stands below, to be selected.
    button.textContent = 'Select it below'
  }
}
