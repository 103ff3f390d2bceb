/**
 * What a run of the chaos test was told, call by call, as one observer saw it: the times are his
 * monotonic clock, `startMs` from before the request was sent, `endMs` from after its answer was
 * read.
 */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What of a token matters for who may end it. */
export interface TokenFacts {
  readonly jti: string
  readonly sid: string
  readonly subject: string
  readonly client: string
  /** The key that signed it. */
  readonly kid: string
  /** False where its session, its key or itself was made by a clock that was wrong. */
  readonly timely: boolean
}

interface Call {
  /** `node-2`, or `guard-5`. */
  readonly at: string
  readonly startMs: number
  readonly endMs: number
  /** What was answered, in a word or a status, for the reader of the history. */
  readonly said: string
  /**
   * `done`: succeeded, or the token was accepted. `dead`: refused because of what was presented.
   * `unknown`: refused for now, or no answer came; it may have happened nevertheless.
   */
  readonly outcome: 'done' | 'dead' | 'unknown'
  /** Made after everything was mended. */
  readonly final?: boolean
  /** Whether the wall clock of who answered was wrong meanwhile. */
  readonly wrongClock?: boolean
}

export interface LoginCall extends Call {
  readonly op: 'login'
  readonly token?: TokenFacts
}

export interface RefreshCall extends Call {
  readonly op: 'refresh'
  /** The token that the session had before. */
  readonly of: TokenFacts
  readonly token?: TokenFacts
}

export interface UseCall extends Call {
  readonly op: 'use'
  readonly token: TokenFacts
}

export interface LogoutCall extends Call {
  readonly op: 'logout'
  readonly scope: 'token' | 'session' | 'subject' | 'client' | 'everyone' | 'signing_key'
  readonly key: string
  /** Whether the answer waited for all verifiers. */
  readonly waited: boolean
  /** What the answer said of the confirmation: its `Outright-Confirmed`. */
  readonly confirmed?: string
  /** The token by which it was asked for: `dead` says that this one was over already. */
  readonly presented?: TokenFacts
}

export type Entry = LoginCall | RefreshCall | UseCall | LogoutCall

/** What was done to the world, for the reader of the history. */
export interface Disturbance {
  readonly op: 'disturbance'
  readonly startMs: number
  readonly what: string
}

export class History {
  readonly entries: Entry[] = []
  readonly disturbances: Disturbance[] = []

  add(entry: Entry): void {
    this.entries.push(entry)
  }

  disturb(startMs: number, what: string): void {
    this.disturbances.push({ op: 'disturbance', startMs, what })
  }

  /**
   * Writes what happened where a person can read it.
   *
   * @param name Names the run and its seed; the file's as well.
   * @param logs Of the nodes.
   * @returns Where.
   */
  async keep(name: string, logs: string): Promise<string> {
    // Not where `npm test` cleans up behind its tests.
    const path = join(process.env['TEST_KEPT_DIR'] ?? tmpdir(), `outright-${name}`)
    await writeFile(`${path}.jsonl`, this.text())
    await writeFile(`${path}.log`, logs)
    return `history and logs in ${path}.*`
  }

  /** One entry a line, in the order in which they began. */
  text(): string {
    return [...this.entries, ...this.disturbances]
      .toSorted((one, other) => one.startMs - other.startMs)
      .map((entry) => `${JSON.stringify(entry)}\n`)
      .join('')
  }
}

/** More than clocks differ by that are right. */
const SKEW_MS = 10_000
/** Keys are as old as the run at the most. */
const MAX_RUN_MS = 1_800_000

/** What a token says of itself that was issued just now; its signature is not looked at. */
export function factsOf(token: string): TokenFacts {
  const [header = '', payload = ''] = token.split('.')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as {
    readonly kid: string
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as {
    readonly jti: string
    readonly sid: string
    readonly sub: string
    readonly client_id: string
    readonly iat: number
  }
  const { jti, sid, sub: subject, client_id: client, iat } = claims
  // A key's id says when it was made. One that a wrong clock made signs before every guard knows it.
  const keyMadeMs = Number.parseInt(kid.replace('-', '').slice(0, 12), 16)
  const nowMs = Date.now()
  const timely = Math.abs(iat * 1000 - nowMs) < SKEW_MS && Math.abs(keyMadeMs - nowMs) < MAX_RUN_MS
  return { jti, sid, subject, client, kid, timely }
}
