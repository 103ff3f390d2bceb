/** How the findings of a canary are said. */
import type { PathSummary } from '../canary/index.ts'
import type { CanaryVerdict, WireCanaryPath } from '../client/index.ts'
import type { Column } from './output.ts'

const words: Readonly<Record<CanaryVerdict, string>> = {
  refused: 'refused',
  late: 'too late',
  never_refused: 'never refused',
  not_measured: 'not measured',
}

const styles = {
  refused: 'green',
  late: 'red',
  never_refused: 'red',
  not_measured: 'yellow',
} as const

export const columns: readonly Column<PathSummary>[] = [
  { title: 'PATH', value: ({ name }) => name },
  { title: 'KIND', value: ({ kind }) => kind },
  {
    title: 'VERDICT',
    value: ({ verdict }) => words[verdict],
    style: ({ verdict }) => styles[verdict],
  },
  { title: 'LAST ACCEPTED p50', value: ({ afterAnswerMs }) => signed(afterAnswerMs?.p50) },
  { title: 'p99', value: ({ afterAnswerMs }) => signed(afterAnswerMs?.p99) },
  { title: 'MAX', value: ({ afterAnswerMs }) => signed(afterAnswerMs?.max) },
  { title: 'SINCE REQUEST MAX', value: ({ afterRequestMs }) => signed(afterRequestMs?.max) },
  { title: 'GAP', value: ({ gapMs }) => (gapMs === null ? '' : `${String(gapMs)} ms`) },
  {
    title: 'MEASURED',
    value: ({ measured, rounds }) => `${String(measured)} of ${String(rounds)}`,
  },
]

/** From the answer of the logout on, so that what came before it is negative. */
function signed(ms: number | undefined): string {
  if (ms === undefined) return ''
  return `${ms > 0 ? '+' : ''}${String(ms)} ms`
}

/** One path of one round, on a line. */
export function describePath(path: WireCanaryPath): string {
  const { name, kind, verdict, afterAnswerMs, gapMs } = path
  const found = `${name} (${kind}): ${words[verdict]}`
  if (afterAnswerMs === null) return `${found}: ${path.detail}`
  const side = afterAnswerMs > 0 ? 'after' : 'before'
  const time = `${String(Math.abs(afterAnswerMs))} ms ${side} the answer`
  return `${found}; last accepted ${time}${gapMs === null ? '' : `, exact to ${String(gapMs)} ms`}`
}

/** What an operator has to know of a path; undefined where it is as it should be. */
export function alarmOf(path: PathSummary): string | undefined {
  const { name, kind, verdict, afterAnswerMs, detail, rounds, measured } = path
  const reason = detail === '' ? '' : ` (${detail})`
  const latest = String(afterAnswerMs?.max)
  switch (verdict) {
    case 'refused':
      return undefined
    case 'late':
      return `ALARM: ${name} accepted a logged-out session ${latest} ms after the logout was answered${reason}`
    case 'never_refused':
      return `ALARM: ${name} never refused a logged-out session: ${causeOf[kind]}${reason}`
    case 'not_measured':
      return `not measured: ${name} in ${String(rounds - measured)} of ${String(rounds)} rounds: ${detail}`
  }
}

/** Where to look first. */
const causeOf: Readonly<Record<PathSummary['kind'], string>> = {
  http: 'a server without a guard, or a cache that keeps the yes',
  stream: 'nothing ends the open answer at the logout',
  websocket: 'nothing closes the open socket at the logout',
}
