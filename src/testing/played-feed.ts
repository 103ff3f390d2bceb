/** The feed of a node that is played by a test, frame by frame. */
import type { CryptoKey } from 'jose'
import { createGuard, type Guard, type GuardLog, type GuardOptions } from '../guard/index.ts'
import type { FeedSocketEvents } from '../guard/transport.ts'
import { decodeGuardFrame } from '../protocol/feed-decode.ts'
import { encodeNodeFrame } from '../protocol/feed-encode.ts'
import {
  closeCodes,
  entryKinds,
  feedScopes,
  feedVersion,
  type GuardFrame,
  type NodeFrame,
} from '../protocol/feed.ts'
import { fingerprint } from '../verifier/fingerprint.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { SimulatedTime } from './simulated-time.ts'
import { issuer, type PoolToken } from './token-pool.ts'

/** One connection as the node sees it. */
interface Connection {
  readonly events: FeedSocketEvents
  readonly received: GuardFrame[]
}

/**
 * A process with guards, and a scripted node: for situations that a simulation meets only by
 * chance.
 */
export class PlayedFeed {
  readonly time: SimulatedTime = new SimulatedTime()
  /** The process that the guards are in. */
  readonly process: SimulatedProcess = new SimulatedProcess('process', this.time, {
    rate: 1,
    wallOffsetMs: 0,
  })
  readonly connections: Connection[] = []
  /** What happened, in order. */
  readonly told: string[] = []
  readonly options: GuardOptions
  refuses = false
  /** Up to when the node has forgotten. */
  overSeconds = 0
  #mark = 0

  /** @param key What verifies the tokens; known without being fetched. */
  constructor(key: CryptoKey) {
    this.options = {
      server: issuer,
      credential: 'credential',
      clock: this.process,
      random: () => 0.5,
      keys: () => key,
      connect: (_target, events) => {
        const connection: Connection = { events, received: [] }
        this.connections.push(connection)
        this.time.after(1, () => {
          events.opened()
          if (this.refuses) events.closed(closeCodes.credentialRefused, 'unknown')
          else if (connection.received.length > 0) this.#greet()
        })
        return {
          send: (bytes) => {
            this.#take(connection, decodeGuardFrame(bytes))
          },
          close: (code, reason) => {
            events.closed(code, reason)
          },
        }
      },
    }
  }

  /** A guard that is in use. */
  guard(options: Partial<GuardOptions> = {}): Guard {
    const guard = createGuard({ ...this.options, ...options })
    guard.ready().catch(() => undefined)
    return guard
  }

  /** A log that writes into `told`. */
  log(name: string): GuardLog {
    const write = (_fields: unknown, message: string): void => {
      this.told.push(`${name}: ${message}`)
    }
    return { info: write, warn: write, error: write }
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.time.nowMs + ms
    while (this.time.step(untilMs)) await new Promise(setImmediate)
  }

  send(frame: NodeFrame): void {
    this.connections.at(-1)?.events.frame(encodeNodeFrame(frame))
  }

  /** Revokes a session, until a Unix time in seconds. */
  revoke(sid: string, until = 0xffff_ffff): void {
    const { high, low } = fingerprint('session', sid)
    const words = new Uint32Array([high, low, until, 0, entryKinds.revoked])
    const after = this.#mark++
    const position = new Map([['node', this.#mark]])
    this.send({ type: 'entries', after, mark: this.#mark, count: 1, words, position })
  }

  /** The connection is lost. */
  cut(): void {
    this.connections.at(-1)?.events.closed(1006, 'cut')
  }

  #greet(): void {
    const epoch = new Uint8Array(16).fill(this.connections.length)
    const lease = { leaseMs: 2000, renewMs: 500 }
    const who = { version: feedVersion, snapshot: true, epoch, issuer, node: 'node' }
    const scopes = feedScopes
    this.send({ type: 'hello', ...who, ...lease, scopes })
    const { overSeconds } = this
    this.send({
      type: 'snapshotEnd',
      total: 0,
      mark: this.#mark,
      overSeconds,
      position: new Map(),
    })
  }

  #take(connection: Connection, frame: GuardFrame): void {
    connection.received.push(frame)
    if (frame.type === 'ack') this.told.push(`acknowledged ${frame.mark}`)
    if (frame.type !== 'ping') return
    this.time.after(2, () => {
      if (this.connections.at(-1) !== connection || this.refuses) return
      const pong = { leaseMs: 2000, mark: this.#mark, overSeconds: this.overSeconds }
      this.send({ type: 'pong', nonce: frame.nonce, ...pong })
    })
  }
}

/** The verdict on a token, in one word. */
export async function verdictOf(guard: Guard, { jwt }: PoolToken): Promise<string> {
  const verdict = await guard.check(jwt)
  return verdict.ok ? 'accepted' : verdict.reason
}
