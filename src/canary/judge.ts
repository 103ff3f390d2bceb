import type { CanaryVerdict, WireCanaryPath } from '../protocol/canary.ts'

/**
 * The outcome of one action. `closed`: the connection that carried it ended, which says nothing
 * about why. `failed`: no answer, or one that does not speak of the token.
 */
export type Outcome = 'accepted' | 'refused' | 'closed' | 'failed'

/** One use of a token on one path. */
export interface Action {
  /** When it was begun; of data that arrives, when it arrived. */
  readonly atMs: number
  readonly settledMs: number
  readonly outcome: Outcome
  /** In a few words; empty where it was accepted. */
  readonly why: string
}

/** Everything that was seen of one path in one round. */
export interface Evidence {
  /** With the session that was logged out. */
  readonly actions: readonly Action[]
  /** With a session of the same person that was not. */
  readonly control: readonly Action[]
  readonly requestMs: number
  readonly answerMs: number
  /** How long after the answer something may still be accepted. */
  readonly allowedMs: number
}

export type Judgement = Omit<WireCanaryPath, 'name' | 'kind'>

/**
 * Judges one path. A path is only called `refused` where it accepted the session until the logout,
 * refuses it afterwards to the end of the watch, and goes on accepting the other session: what is
 * down, or refuses every token, does not prove a logout.
 */
export function judge(evidence: Evidence): Judgement {
  const { requestMs, answerMs, allowedMs } = evidence
  const actions = evidence.actions.toSorted((one, other) => one.atMs - other.atMs)
  const since = actions.filter(({ atMs }) => atMs >= requestMs)
  const tally = {
    accepted: countOf(since, 'accepted'),
    refused: countOf(since, 'refused'),
    failed: countOf(since, 'failed') + countOf(since, 'closed'),
  }
  const unmeasured = (detail: string): Judgement => ({ ...notMeasured(detail), ...tally })
  const last = actions.findLast(({ outcome }) => outcome === 'accepted')
  const early = problemBefore(actions, requestMs)
  if (last === undefined || early !== undefined) return unmeasured(early ?? 'it accepted nothing')

  const afterwards = actions.filter(({ atMs }) => atMs > last.atMs)
  const isRefused = countOf(afterwards, 'refused') > 0
  const isLate = last.atMs - answerMs > allowedMs
  const next = afterwards.find(({ outcome }) => outcome !== 'accepted' && outcome !== 'failed')
  const measured = (verdict: CanaryVerdict, detail = ''): Judgement => ({
    verdict,
    afterRequestMs: tenths(last.atMs - requestMs),
    afterAnswerMs: tenths(last.atMs - answerMs),
    gapMs: next === undefined ? null : tenths(next.atMs - last.atMs),
    ...tally,
    detail,
  })
  // Accepted after the answer is wrong whatever else is wrong with the path.
  if (isLate && isRefused) return measured('late', mixed(actions, last))
  if (isLate) return measured('never_refused', mixed(actions, last) || whyOf(afterwards))
  if (!isRefused) return unmeasured(whyOf(afterwards) || 'it was not tried after the logout')
  const kept = evidence.control.toSorted((one, other) => one.settledMs - other.settledMs).at(-1)
  if (kept?.outcome === 'accepted') return measured('refused')
  const why = kept === undefined ? 'it was not tried' : kept.why
  return unmeasured(`a session that was not logged out is not accepted either: ${why}`)
}

/** Of a path of which nothing can be said. */
export function notMeasured(detail: string): Judgement {
  const times = { afterRequestMs: null, afterAnswerMs: null, gapMs: null }
  return { verdict: 'not_measured', ...times, accepted: 0, refused: 0, failed: 0, detail }
}

/** What shows that the path did not simply accept the session while it lived. */
function problemBefore(actions: readonly Action[], requestMs: number): string | undefined {
  const before = actions
    .filter(({ settledMs }) => settledMs < requestMs)
    .toSorted((one, other) => one.settledMs - other.settledMs)
  const wrong =
    before.find(({ outcome }) => outcome === 'refused' || outcome === 'closed') ??
    (before.at(-1)?.outcome === 'failed' ? before.at(-1) : undefined)
  return wrong && `before the logout already: ${wrong.why}`
}

/** Servers of one address that differ: some refuse, some do not. */
function mixed(actions: readonly Action[], last: Action): string {
  const hadRefused = actions.some(({ outcome, atMs }) => outcome === 'refused' && atMs < last.atMs)
  return hadRefused ? 'it refused and accepted in turn: not all of its servers are guarded' : ''
}

/** Why the last of some actions was not accepted. */
function whyOf(actions: readonly Action[]): string {
  return actions.at(-1)?.why ?? ''
}

function countOf(actions: readonly Action[], wanted: Outcome): number {
  return actions.filter(({ outcome }) => outcome === wanted).length
}

/** In tenths of a millisecond. */
function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}
