/**
 * Telling a TV provider that its viewer logged out of a device: one signed POST, retried a little.
 *
 * It runs after the logout is durable and after nobody waits for it any more: what goes wrong here
 * is logged and changes nothing that has ended. What is not delivered when the process ends is
 * lost.
 */
import { createHmac } from 'node:crypto'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'

/** A provider and where it wants to be told. */
export interface ProviderEndpoint {
  readonly id: string
  /** Without it, the provider is told nothing. */
  readonly logoutUrl?: string
  /** Key of the signature. */
  readonly secret: string
}

/** What a provider is told. */
export interface ProviderLogoutEvent {
  readonly mvpd: string
  /** The provider's own id of the viewer. */
  readonly userId: string
  readonly requestor: string
  /** The same logout has the same id, however often it arrives. */
  readonly revocationId: string
  /** When the logout was stored, milliseconds since 1970. */
  readonly atMs: number
}

export interface ProviderNotifierOptions {
  readonly providers: readonly ProviderEndpoint[]
  readonly clock: Clock
  readonly log: Log
  /** `fetch`, or a simulation of it. */
  readonly fetch: typeof fetch
}

export interface ProviderNotifier {
  /** Queues a message. Returns at once, never throws. */
  tell(event: ProviderLogoutEvent): void
  /** Gives up what is under way and waits for it. */
  close(): Promise<void>
}

const TIMEOUT_MS = 5000
/** Pauses between tries: with three tries there are two. */
const PAUSES_MS = [1000, 5000] as const
const MOST_WAITING = 1000
const MOST_AT_ONCE = 16

type Outcome = 'delivered' | 'again' | { readonly refused: number }

/**
 * Makes a notifier. The body is JSON; `Outright-Signature: sha256=<hex>` is the HMAC-SHA256 of it
 * under the provider's secret, and `sentAtMs` in it lets the provider refuse old copies.
 */
export function createProviderNotifier(options: ProviderNotifierOptions): ProviderNotifier {
  const endpoints = new Map(options.providers.map((provider) => [provider.id, provider]))
  const waiting: ProviderLogoutEvent[] = []
  const running = new Set<Promise<void>>()
  const closing = new AbortController()

  const startMore = (): void => {
    while (running.size < MOST_AT_ONCE && !closing.signal.aborted) {
      const event = waiting.shift()
      if (event === undefined) return
      const endpoint = endpoints.get(event.mvpd)
      if (endpoint?.logoutUrl === undefined) continue
      const run = deliver(options, endpoint, endpoint.logoutUrl, event, closing.signal).finally(
        () => {
          running.delete(run)
          startMore()
        },
      )
      running.add(run)
    }
  }

  return {
    tell(event) {
      if (waiting.length >= MOST_WAITING) {
        const { mvpd, revocationId } = event
        options.log.error({ mvpd, revocationId }, 'provider not told: too many messages wait')
        return
      }
      waiting.push(event)
      startMore()
    },
    async close() {
      closing.abort()
      await Promise.all(running)
    },
  }
}

/** Tries until it arrives, is refused, or was tried often enough. Never rejects. */
async function deliver(
  options: ProviderNotifierOptions,
  endpoint: ProviderEndpoint,
  url: string,
  event: ProviderLogoutEvent,
  closing: AbortSignal,
): Promise<void> {
  const { clock, log } = options
  const { mvpd, revocationId } = event
  for (let attempt = 1; ; attempt++) {
    const outcome = await post(options, endpoint, url, event, closing)
    if (outcome === 'delivered') {
      log.info({ mvpd, revocationId, attempt }, 'provider told of a logout')
      return
    }
    const pauseMs = PAUSES_MS[attempt - 1]
    if (outcome !== 'again' || pauseMs === undefined || closing.aborted) {
      const status = outcome === 'again' ? undefined : outcome.refused
      log.error({ mvpd, revocationId, attempt, status }, 'provider not told of a logout')
      return
    }
    await pause(clock, pauseMs, closing)
  }
}

async function post(
  { clock, fetch }: ProviderNotifierOptions,
  { secret }: ProviderEndpoint,
  url: string,
  event: ProviderLogoutEvent,
  closing: AbortSignal,
): Promise<Outcome> {
  const body = JSON.stringify({ event: 'logout', ...event, sentAtMs: clock.nowMs() })
  const signature = createHmac('sha256', secret).update(body).digest('hex')
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'outright-signature': `sha256=${signature}`,
      },
      body,
      // A provider that moved is to be configured anew, not followed to wherever.
      redirect: 'error',
      signal: AbortSignal.any([closing, AbortSignal.timeout(TIMEOUT_MS)]),
    })
    await response.body?.cancel()
    if (response.ok) return 'delivered'
    const { status } = response
    return status >= 500 || status === 408 || status === 429 ? 'again' : { refused: status }
  } catch {
    return 'again'
  }
}

function pause(clock: Clock, delayMs: number, closing: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(delayMs, resolve)
    closing.addEventListener(
      'abort',
      () => {
        cancel()
        resolve()
      },
      { once: true },
    )
  })
}
