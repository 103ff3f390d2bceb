import { WebSocket } from 'ws'
import type { Action } from './judge.ts'
import { Opening } from './opening.ts'
import {
  accepted,
  headersFor,
  judgeError,
  judgeStatus,
  type Probe,
  type ProbeOptions,
  type Settled,
} from './probe.ts'

const MAX_MESSAGE_BYTES = 1_048_576
/** Pings that may wait for their pongs at once. */
const MAX_OPEN = 256

/** A socket and its pings that were not answered yet, by their number. */
interface Open {
  readonly socket: WebSocket
  readonly pings: Map<number, number>
}

/**
 * One WebSocket. A ping (RFC 6455, section 5.5.2), which every server answers, is an action, and
 * its pong says that the socket is still served. When it is closed it is opened again, as
 * applications do, which tells a socket that was logged out from one that broke off.
 */
export function websocketProbe(options: ProbeOptions): Probe {
  return new WebSocketProbe(options)
}

class WebSocketProbe implements Probe {
  readonly #options: ProbeOptions
  readonly #actions: Action[] = []
  #current: Open | undefined
  readonly #opening = new Opening(() => this.#connect())
  #pingCount = 0
  /** Told when a ping has settled. */
  #settled = (): void => undefined
  #stopTicking = (): void => undefined

  constructor(options: ProbeOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    this.#stopTicking = await this.#opening.begin(this.#options, () => {
      if (this.#current === undefined) void this.#opening.attempt()
      else this.#ping(this.#current)
    })
  }

  async stop(): Promise<readonly Action[]> {
    this.#stopTicking()
    // Why it was closed is known once it was opened again.
    const wasClosed = this.#actions.at(-1)?.outcome === 'closed'
    if (this.#opening.isUnderWay || wasClosed) await this.#opening.attempt()
    const current = this.#current
    if (current !== undefined) {
      await this.#allSettled(current)
      this.#recordAll(current, { outcome: 'failed', why: 'no answer to a ping in time' })
      this.#current = undefined
      current.socket.removeAllListeners('close')
      current.socket.terminate()
    }
    return [...this.#actions]
  }

  /** Never rejects. */
  async #connect(): Promise<Settled> {
    const atMs = this.#options.clock.monotonicMs()
    const { socket, settled } = await connect(this.#options)
    this.#record(atMs, settled)
    if (settled.outcome === 'accepted') this.#current = this.#follow(socket)
    else socket.terminate()
    return settled
  }

  #follow(socket: WebSocket): Open {
    const open: Open = { socket, pings: new Map() }
    socket.on('pong', (data) => {
      const number = Number(data.toString())
      const atMs = open.pings.get(number)
      if (atMs === undefined || !open.pings.delete(number)) return
      this.#record(atMs, accepted)
      this.#settled()
    })
    socket.on('close', (code) => {
      const closed = {
        outcome: 'closed',
        why: `the socket was closed with ${String(code)}`,
      } as const
      this.#recordAll(open, closed)
      this.#record(this.#options.clock.monotonicMs(), closed)
      if (this.#current === open) this.#current = undefined
      this.#settled()
    })
    return open
  }

  #ping({ socket, pings }: Open): void {
    if (socket.readyState !== WebSocket.OPEN || pings.size >= MAX_OPEN) return
    pings.set(++this.#pingCount, this.#options.clock.monotonicMs())
    socket.ping(String(this.#pingCount))
  }

  /** Resolves when every ping of a socket has settled, or their time is over. */
  #allSettled({ pings }: Open): Promise<void> {
    const { clock, timeoutMs } = this.#options
    return new Promise((resolve) => {
      const cancel = clock.after(timeoutMs, resolve)
      this.#settled = () => {
        if (pings.size > 0) return
        cancel()
        resolve()
      }
      this.#settled()
    })
  }

  /** What came of the pings that were not answered. */
  #recordAll({ pings }: Open, settled: Settled): void {
    for (const atMs of pings.values()) this.#record(atMs, settled)
    pings.clear()
  }

  #record(atMs: number, settled: Settled): void {
    this.#actions.push({ atMs, settledMs: this.#options.clock.monotonicMs(), ...settled })
  }
}

/** Opens a socket; what refuses it is an answer like any other. Never rejects. */
function connect(
  options: ProbeOptions,
): Promise<{ readonly socket: WebSocket; readonly settled: Settled }> {
  const socket = new WebSocket(options.path.url.replace(/^http/, 'ws'), {
    headers: headersFor(options),
    handshakeTimeout: options.timeoutMs,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
  })
  return new Promise((resolve) => {
    const settle = (settled: Settled): void => {
      resolve({ socket, settled })
    }
    socket.on('error', (error) => {
      settle(judgeError(error))
    })
    socket.once('open', () => {
      settle(accepted)
    })
    socket.once('unexpected-response', (_request, response) => {
      response.resume()
      const settled = judgeStatus(response.statusCode ?? 0, options.path)
      // A server that answers 200 has opened no socket.
      settle(
        settled.outcome === 'accepted'
          ? { outcome: 'failed', why: 'it is not a WebSocket' }
          : settled,
      )
    })
  })
}
