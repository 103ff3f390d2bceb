/**
 * What a canary finds out: for how long each path to the services went on accepting a session that
 * was logged out. Times are milliseconds by the canary's own monotonic clock.
 */
import type { WireReceipt } from './admin-api.ts'

export const canaryKinds = ['http', 'stream', 'websocket'] as const
/** `http`: a request each time. `stream`: one long answer. `websocket`: one socket. */
export type CanaryKind = (typeof canaryKinds)[number]

/**
 * - `refused`: the last action that was accepted came before the logout was answered.
 * - `late`: one was accepted after the answer; later ones were refused.
 * - `never_refused`: the last action of the whole watch was accepted.
 * - `not_measured`: nothing can be said; `detail` has the reason.
 */
export const canaryVerdicts = ['refused', 'late', 'never_refused', 'not_measured'] as const
export type CanaryVerdict = (typeof canaryVerdicts)[number]

export interface WireCanaryPath {
  readonly name: string
  readonly kind: CanaryKind
  readonly verdict: CanaryVerdict
  /** From the start of the logout request to the last accepted action. */
  readonly afterRequestMs: number | null
  /** From the answer of the logout; negative: before it. Null where nothing was measured. */
  readonly afterAnswerMs: number | null
  /** From the last accepted action to the next one, which was not: how exact the times are. */
  readonly gapMs: number | null
  /** Actions of the logged-out session from the start of the logout request on. */
  readonly accepted: number
  readonly refused: number
  /** Those that were neither: no answer, or an answer that says nothing about the token. */
  readonly failed: number
  /** Why nothing was measured, or what else was seen. Empty where there is nothing to say. */
  readonly detail: string
}

/** One round: a login, a logout, and what each path did. */
export interface NewCanaryReport {
  /** Name of the canary. */
  readonly canary: string
  /** When the logout was answered, by the canary's wall clock. */
  readonly at: string
  /** From the start of the logout request to its answer. */
  readonly logoutMs: number
  readonly receipt: WireReceipt
  /** How long it watched after the answer, and how often it tried each path. */
  readonly watchMs: number
  readonly probeMs: number
  readonly paths: readonly WireCanaryPath[]
}

/** A report as it is kept. */
export interface WireCanaryReport extends NewCanaryReport {
  readonly id: string
  /** When it arrived, by the server's wall clock. */
  readonly receivedAt: string
}
