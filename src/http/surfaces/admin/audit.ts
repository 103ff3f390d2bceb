/** `/audit/verify`: recomputing the hash chain of the log, with progress. */
import { verifyChain, type AuditLog, type AuditVerdict } from '../../../core/verify-audit.ts'
import type { WireAuditLine } from '../../../protocol/admin-api.ts'
import { readQuery } from './fields.ts'
import type { AdminRoute } from './route.ts'
import type { DialectContext } from '../../context.ts'

/**
 * `GET /audit/verify`: lines of JSON. Progress first, at most one line a page of the log, then one
 * verdict. Where no verdict comes, nothing is known: the status was sent before the work was done.
 */
export function auditRoutes({ core }: DialectContext): readonly AdminRoute[] {
  return [
    {
      method: 'GET',
      path: '/audit/verify',
      operation: {
        id: 'verifyAudit',
        tag: 'Audit',
        summary: 'Verify the hash chain of the log',
        description:
          'Lines of JSON: `{checked, of}` while it runs, then `{ok: true, entries, head}` or `{ok: false, at, reason}`. Keep `head` elsewhere: it proves later that nothing was cut off at the end.',
        answers: {
          200: { description: 'Progress and a verdict', type: 'application/x-ndjson' },
        },
      },
      act(request) {
        readQuery(request, [])
        return {
          status: 200,
          headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
          body: verify(core.dependencies.store),
        }
      },
    },
  ]
}

/** Thrown into the verification to end it when nobody listens any more. */
const nobodyListens = new Error('nobody listens')

/**
 * The lines. Only the newest progress is kept, so a slow reader costs no memory. By hand for the
 * same reason as the event stream: the work must end when the connection does.
 */
function verify(log: AuditLog): AsyncIterable<Uint8Array> {
  const pending: { progress: WireAuditLine | undefined; wake: () => void; ended: boolean } = {
    progress: undefined,
    wake: () => undefined,
    ended: false,
  }
  let verdict: Promise<AuditVerdict> | undefined
  let finished = false

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    verdict ??= verifyChain(log, ({ checked, total }) => {
      if (pending.ended) throw nobodyListens
      pending.progress = { checked, of: total }
      pending.wake()
    })
    if (finished) return { done: true, value: undefined }
    const news = new Promise<undefined>((resolve) => {
      pending.wake = () => {
        resolve(undefined)
      }
    })
    const result = pending.progress === undefined ? await Promise.race([verdict, news]) : undefined
    if (result !== undefined) {
      finished = true
      return line(wireVerdict(result))
    }
    const { progress } = pending
    pending.progress = undefined
    return progress === undefined ? next() : line(progress)
  }

  return {
    [Symbol.asyncIterator]: () => ({
      next,
      return() {
        pending.ended = true
        verdict?.catch(() => undefined)
        return Promise.resolve({ done: true, value: undefined })
      },
    }),
  }
}

function line(content: WireAuditLine): IteratorResult<Uint8Array, undefined> {
  return { done: false, value: Buffer.from(`${JSON.stringify(content)}\n`) }
}

/** The verdict as the last line. */
export function wireVerdict(verdict: AuditVerdict): WireAuditLine {
  if (verdict.intact) {
    const head = Object.fromEntries(
      [...verdict.heads].map(([stream, { sequence, hash }]) => [stream, { sequence, hash }]),
    )
    return { ok: true, entries: verdict.entries, head }
  }
  const { stream, sequence, problem } = verdict
  return { ok: false, at: { stream, sequence }, reason: problem }
}
