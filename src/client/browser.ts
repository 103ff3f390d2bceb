/**
 * For browsers: every open tab of a session hears at once that it was signed out, wherever that
 * happened. One tab holds the stream to the server, the others hear from that tab; when it closes,
 * another takes over. It uses `fetch`, `BroadcastChannel` and, where there is one, the lock
 * manager.
 */

export interface SessionTabsOptions {
  /** Where Outright is, such as `https://auth.example`. */
  readonly server: string
  /** The access token that this tab uses now; undefined while nobody is signed in. */
  readonly token: () => string | undefined | Promise<string | undefined>
  /** Called once in every tab of the session. Forget the tokens and show the sign-in page. */
  readonly onSignedOut: () => void
  /** Pause before the stream is opened again, in milliseconds; doubles up to 30 s. Default 1000. */
  readonly retryMs?: number
}

export interface SessionTabs {
  /**
   * Signs this tab and all others out. The others are told when `logout` has resolved, not before:
   * a logout that failed has not signed anybody out.
   *
   * @param logout Calls the logout API; must reject where it did not succeed.
   */
  signOut(logout: () => Promise<unknown>): Promise<void>
  /** Stops listening. */
  close(): void
}

const LONGEST_RETRY_MS = 30_000
const SIGNED_OUT = 'signed-out'

/**
 * Starts listening in this tab.
 *
 * @throws {TypeError} Where there is no token, or one without a session.
 */
export async function watchSessionTabs(options: SessionTabsOptions): Promise<SessionTabs> {
  const name = `outright:${sessionOf(await options.token())}`
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
    channel.postMessage(SIGNED_OUT)
    tell()
  }

  function close(): void {
    closing.abort()
    channel.close()
  }

  channel.onmessage = ({ data }: { readonly data: unknown }) => {
    if (data === SIGNED_OUT) tell()
  }
  void asTheOneTab(name, closing.signal, () => follow(options, closing.signal, tellAll))
  return {
    async signOut(logout) {
      await logout()
      if (!told) tellAll()
    },
    close,
  }
}

/** Runs the work in one tab at a time where the browser has locks, otherwise in every tab. */
async function asTheOneTab(
  name: string,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  const { locks } = globalThis.navigator as { locks?: typeof globalThis.navigator.locks }
  try {
    if (locks === undefined) await work()
    else await locks.request(name, { signal }, work)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Follows the stream until it says that the session has ended, whatever breaks in between. */
async function follow(
  options: SessionTabsOptions,
  signal: AbortSignal,
  signedOut: () => void,
): Promise<void> {
  const { retryMs = 1000 } = options
  let pauseMs = retryMs
  while (!signal.aborted) {
    const end = await followOnce(options, signal, () => {
      pauseMs = retryMs
    })
    if (end === 'signed-out') {
      signedOut()
      return
    }
    await pause(pauseMs, signal)
    pauseMs = Math.min(pauseMs * 2, LONGEST_RETRY_MS)
  }
}

type StreamEnd = 'signed-out' | 'again'

async function followOnce(
  { server, token }: SessionTabsOptions,
  signal: AbortSignal,
  ready: () => void,
): Promise<StreamEnd> {
  try {
    const response = await fetch(`${server}/outright/v1/session/events`, {
      headers: { authorization: `Bearer ${(await token()) ?? ''}` },
      signal,
    })
    if (response.status === 401) return await isRevoked(response)
    if (!response.ok || response.body === null) return 'again'
    let text = ''
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const events = text.split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) {
        if (event.startsWith('event: ready')) ready()
        if (event.startsWith('event: signed-out')) return 'signed-out'
      }
    }
    return 'again'
  } catch {
    // The network broke, or the tab is closing: the loop decides.
    return 'again'
  }
}

/** An expired token is no sign-out: the next try uses a fresh one. */
async function isRevoked(response: Response): Promise<StreamEnd> {
  const { type } = (await response.json()) as { readonly type?: unknown }
  return type === 'urn:outright:problem:token-revoked' ? 'signed-out' : 'again'
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** The `sid` of a token; it is not verified here, only used as a name among this browser's tabs. */
function sessionOf(token: string | undefined): string {
  try {
    const payload = (token ?? '').split('.')[1] ?? ''
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
    const { sid } = JSON.parse(text) as { readonly sid?: unknown }
    if (typeof sid === 'string') return sid
  } catch {
    // Said below.
  }
  throw new TypeError('Cannot watch the session: the token names none')
}
