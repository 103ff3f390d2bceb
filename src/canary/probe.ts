import { connectionReason } from '../domain/system-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Action, Outcome } from './judge.ts'
import type { CanaryPath } from './options.ts'

/** Uses one token on one path, again and again. */
export interface Probe {
  /**
   * Begins, and resolves when the path has accepted the token once.
   *
   * @throws {NotAccepted} Where it does not.
   */
  start(): Promise<void>
  /** Ends it. Resolves when everything that was begun has settled or its time is over. */
  stop(): Promise<readonly Action[]>
}

export interface ProbeOptions {
  readonly path: CanaryPath
  readonly token: string
  readonly everyMs: number
  readonly timeoutMs: number
  readonly clock: Clock
}

/** A path that does not accept a session that lives. */
export class NotAccepted extends Error {
  override readonly name = 'NotAccepted'
}

/** What came of something that was tried. */
export interface Settled {
  readonly outcome: Outcome
  readonly why: string
}

export const accepted: Settled = { outcome: 'accepted', why: '' }

export function judgeStatus(status: number, { refusals }: CanaryPath): Settled {
  if (status >= 200 && status < 300) return accepted
  const outcome = refusals.includes(status) ? 'refused' : 'failed'
  return { outcome, why: `it answers ${String(status)}` }
}

/** Says what broke without the address, which may hold a secret. */
export function judgeError(error: unknown): Settled {
  return { outcome: 'failed', why: reasonOf(error) }
}

/** Why there was no answer. */
export function reasonOf(error: unknown): string {
  const isLate = error instanceof Error && error.name === 'TimeoutError'
  return isLate ? 'no answer in time' : (connectionReason(error) ?? 'the connection broke off')
}

/** The headers with which a token is sent, as the path wants it. */
export function headersFor({ path, token }: ProbeOptions): Record<string, string> {
  return {
    'user-agent': 'outright-canary',
    ...(path.cookie === undefined
      ? { authorization: `Bearer ${token}` }
      : { cookie: `${path.cookie}=${token}` }),
  }
}

/** Calls again and again until it is stopped. */
export function repeat(clock: Clock, everyMs: number, call: () => void): () => void {
  let cancel: () => void
  const next = (): void => {
    cancel = clock.after(everyMs, next)
    call()
  }
  cancel = clock.after(everyMs, next)
  return () => {
    cancel()
  }
}
