/**
 * For browsers: every open tab of a session hears at once that it was signed out, wherever that
 * happened. One tab holds the stream to the server, the others hear from that tab; when it closes,
 * another takes over, and a tab that comes to the front always does. It uses `fetch`,
 * `BroadcastChannel` and, where there is one, the lock manager.
 */

export interface SessionTabsOptions {
  /** Where Outright is, such as `https://auth.example`. */
  readonly server: string
  /** The access token that this tab uses now; undefined while signed out. */
  readonly token: () => string | undefined | Promise<string | undefined>
  /** Called once in every tab of the session. Forget the tokens and show the sign-in page. */
  readonly onSignedOut: () => void
  /** Pause before the stream is opened again, in milliseconds; doubles up to 30 s. Default 1000. */
  readonly retryMs?: number
  /**
   * After how long without a sign of life the stream is opened again, in milliseconds. The server
   * gives one every 15 s. Default 40,000.
   */
  readonly silenceMs?: number
}

export interface SessionTabs {
  /**
   * Signs this tab and all others out. The others are told when `logout` has resolved, not before:
   * a logout that failed signs no tab out.
   *
   * @param logout Calls the logout API; must reject where it did not succeed. A `Response` that is
   *   not `ok` counts as that.
   * @throws {Error} If the logout failed.
   */
  signOut(logout: () => Promise<unknown>): Promise<void>
  /** Stops listening. */
  close(): void
}

/** What is used of a page. Workers and servers lack some of it, old browsers the locks. */
interface Page {
  readonly navigator?: { readonly locks?: typeof globalThis.navigator.locks }
  readonly document?: Pick<EventTarget, 'addEventListener'> & { readonly visibilityState: string }
  readonly addEventListener?: EventTarget['addEventListener']
  readonly removeEventListener?: EventTarget['removeEventListener']
}

const MAX_RETRY_MS = 30_000
const SIGNED_OUT = 'signed-out'

/**
 * Starts listening in this tab.
 *
 * @throws {TypeError} Where there is no token, or one without a session.
 */
export async function watchSessionTabs(options: SessionTabsOptions): Promise<SessionTabs> {
  const sid = sessionOf(await options.token())
  if (sid === undefined) throw new TypeError('Cannot watch the session: the token names none')
  const name = `outright:${sid}`
  const channel = new BroadcastChannel(name)
  const closing = new AbortController()
  let told = false

  function tell(): void {
    if (told) return
    told = true
    close()
    options.onSignedOut()
  }

  function tellAll(): void {
    if (told) return
    // One more: the other is closed where this tab has stopped listening.
    const others = new BroadcastChannel(name)
    others.postMessage(SIGNED_OUT)
    others.close()
    tell()
  }

  function close(): void {
    closing.abort()
    channel.close()
  }

  channel.onmessage = ({ data }: { readonly data: unknown }) => {
    if (data === SIGNED_OUT) tell()
  }
  void takeTurns(name, closing.signal, (turn) => follow(options, sid, turn, tellAll))
  return {
    async signOut(logout) {
      const answer = await logout()
      if (answer instanceof Response && !answer.ok) {
        throw new Error(`Cannot sign out: the logout was answered with ${String(answer.status)}`)
      }
      tellAll()
    },
    close,
  }
}

/**
 * Runs the work in one tab at a time where the browser has locks, otherwise in every tab. Browsers
 * suspend tabs in the background, and a suspended tab sends no messages: so a tab that comes to the
 * front takes over.
 */
async function takeTurns(
  name: string,
  signal: AbortSignal,
  work: (turn: AbortSignal) => Promise<void>,
): Promise<void> {
  const { navigator, document }: Page = globalThis
  const locks = navigator?.locks
  if (locks === undefined) return work(signal)
  let working = false

  async function turn(options: { signal: AbortSignal } | { steal: true }): Promise<void> {
    const mine = new AbortController()
    const end = (): void => {
      mine.abort()
    }
    signal.addEventListener('abort', end)
    try {
      await locks?.request(name, options, () => {
        working = true
        return work(mine.signal)
      })
    } catch (error) {
      // Not wanted any more, or taken by another tab.
      if (!(error instanceof DOMException && error.name === 'AbortError')) throw error
    } finally {
      end()
      working = false
      signal.removeEventListener('abort', end)
    }
  }

  const onVisible = (): void => {
    // The turn that this tab is waiting for goes on waiting.
    if (document?.visibilityState === 'visible' && !working) void turn({ steal: true })
  }
  document?.addEventListener('visibilitychange', onVisible, { signal })
  while (!signal.aborted) await turn({ signal })
}

/** Follows the stream until it says that the session has ended, whatever breaks in between. */
async function follow(
  options: SessionTabsOptions,
  sid: string,
  signal: AbortSignal,
  signedOut: () => void,
): Promise<void> {
  const { retryMs = 1000 } = options
  let pauseMs = retryMs
  while (!signal.aborted) {
    const end = await followOnce(options, sid, signal, () => {
      pauseMs = retryMs
    })
    if (signal.aborted) return
    if (end === 'signed-out') return signedOut()
    await pause(pauseMs, signal)
    pauseMs = Math.min(pauseMs * 2, MAX_RETRY_MS)
  }
}

type StreamEnd = 'signed-out' | 'again'

async function followOnce(
  options: SessionTabsOptions,
  sid: string,
  signal: AbortSignal,
  ready: () => void,
): Promise<StreamEnd> {
  const { server, silenceMs = 40_000 } = options
  const attempt = new AbortController()
  const stop = (): void => {
    attempt.abort()
  }
  signal.addEventListener('abort', stop)
  let silence = setTimeout(stop, silenceMs)
  const heard = (): void => {
    clearTimeout(silence)
    silence = setTimeout(stop, silenceMs)
  }
  try {
    const token = (await options.token()) ?? ''
    // Another session began in this browser: what happens to that one is not for these tabs.
    if (sessionOf(token) !== sid) return 'again'
    const response = await fetch(`${server.replace(/\/+$/, '')}/outright/v1/session/events`, {
      headers: { authorization: `Bearer ${token}` },
      cache: 'no-store',
      signal: attempt.signal,
    })
    if (response.status === 401) return await isRevoked(response)
    if (!response.ok || response.body === null) return 'again'
    return await readEvents(response.body, heard, ready)
  } catch {
    // The network broke or was silent, or the tab is closing: the loop decides.
    return 'again'
  } finally {
    clearTimeout(silence)
    signal.removeEventListener('abort', stop)
  }
}

/** Reads the stream to its end. With a reader: not every browser can iterate over a stream. */
async function readEvents(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  heard: () => void,
  ready: () => void,
): Promise<StreamEnd> {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return 'again'
    heard()
    text += value
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      if (event.startsWith('event: ready')) ready()
      if (event.startsWith('event: signed-out')) return 'signed-out'
    }
  }
}

/** An expired token is not a sign-out: the next attempt uses a fresh one. */
async function isRevoked(response: Response): Promise<StreamEnd> {
  const { type } = (await response.json()) as { readonly type?: unknown }
  return type === 'urn:outright:problem:token-revoked' ? 'signed-out' : 'again'
}

/** Shorter where the browser says that the network is back. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const page: Page = globalThis
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      page.removeEventListener?.('online', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    page.addEventListener?.('online', done)
  })
}

/** The `sid` of a token; it is not verified here, only used as a name among this browser's tabs. */
function sessionOf(token: string | undefined): string | undefined {
  try {
    const payload = (token ?? '').split('.')[1] ?? ''
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
    const { sid } = JSON.parse(text) as { readonly sid?: unknown }
    return typeof sid === 'string' ? sid : undefined
  } catch {
    return undefined
  }
}
