/** `/audit/verify` and `/audit/cut`: whether the log is what was written, and where it ends. */
import { LEAST_KEPT_MS, type StreamCut } from '../../../core/cut-log.ts'
import { removedBy, type Checkpoint } from '../../../domain/checkpoint.ts'
import type { Revocations } from '../../../core/revocations.ts'
import type { AuditVerdict } from '../../../core/verify-audit.ts'
import type { WireAuditLine, WireCheckpoint, WireStreamCut } from '../../../protocol/admin-api.ts'
import type { CutRequest } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { flag, optional, strict } from '../../schema.ts'
import { auditLine, logCut } from './audit-answers.ts'
import type { AdminContext } from './declare.ts'
import { moment } from './inputs.ts'
import { refuseBody } from './problem.ts'
import { time } from './wire.ts'

export function auditRoutes(context: AdminContext): readonly Route[] {
  return [verifyRoute(context), cutRoute(context)]
}

/**
 * `GET /audit/verify`: lines of JSON. Progress first, at most one line a page of the log, then one
 * verdict. Where no verdict comes, nothing is known: the status was sent before the work was done.
 */
function verifyRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/audit/verify',
      id: 'verifyAudit',
      tag: 'Audit',
      role: 'viewer',
      summary: 'Verify the hash chain of the log',
      description:
        'Lines of JSON: `{checked, of}` while it runs, then `{ok: true, entries, head, from}` or `{ok: false, at, reason}`. Keep `head` elsewhere: it proves later that nothing is missing at the end. `from` says at which checkpoint each stream begins that was cut.',
      responses: {
        200: {
          description: 'Progress and a verdict: each line is of this schema',
          schema: auditLine,
          type: 'application/x-ndjson',
        },
      },
    },
    () => ({
      status: 200,
      headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
      body: verify(core.revocations),
    }),
  )
}

/** Commits for each stream in one request, so that it is answered in time. */
const STEPS = 40

/**
 * `POST /audit/cut`: cuts what is older than `before`, as the retention does by itself. What still
 * counts is kept.
 */
function cutRoute({ core, node, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/audit/cut',
      id: 'cutLog',
      tag: 'Audit',
      role: 'admin',
      summary: 'Cut old entries from the log, at a checkpoint that carries its chain on',
      description:
        'Entries from before `before`, which is a day ago at least, go, unless they still count. `done: false` says that the same request goes on. With `dryRun` nothing is cut.',
      body: strict<CutRequest>({
        before: moment('RFC 3339'),
        dryRun: optional(flag({})),
      }),
      responses: { 200: { description: 'What was cut, or would be', schema: logCut } },
    },
    async (call, { actor }) => {
      const latestMs = node.trustedMs() - LEAST_KEPT_MS
      const { before, dryRun = false } = call.body()
      const beforeMs = Date.parse(before)
      if (beforeMs > latestMs) refuseBody({ before: `must not be after ${time(latestMs)}` })
      const bound = dryRun ? {} : { steps: STEPS }
      const cuts = await core.cutLog({ beforeMs, actor, dryRun, ...bound })
      const done = cuts.every(({ more }) => !more)
      return call.json(200, { dryRun, done, streams: cuts.map(wireStreamCut) })
    },
  )
}

function wireStreamCut({ stream, removed, checkpoint, broken }: StreamCut): WireStreamCut {
  return {
    stream,
    removed,
    from: checkpoint === undefined ? null : wireCheckpoint(checkpoint),
    broken: broken === undefined ? null : { sequence: broken.sequence, reason: broken.problem },
  }
}

function wireCheckpoint(checkpoint: Checkpoint): WireCheckpoint {
  const { sequence, hash, kept, beforeMs, atMs, actor, seal } = checkpoint
  const removed = removedBy(checkpoint)
  return {
    sequence,
    hash,
    removed,
    kept,
    before: time(beforeMs),
    at: time(atMs),
    actor,
    seal,
  }
}

/** Thrown into the verification to end it when its reader has gone. */
const readerLeft = new Error('its reader has gone')

/**
 * The lines. Only the newest progress is kept, so a slow reader costs no memory. By hand for the
 * same reason as the event stream: the work must end when the connection does.
 */
function verify(log: Revocations): AsyncIterable<Uint8Array> {
  const pending: { progress: WireAuditLine | undefined; wake: () => void; ended: boolean } = {
    progress: undefined,
    wake: () => undefined,
    ended: false,
  }
  let verdict: Promise<AuditVerdict> | undefined
  let finished = false

  async function next(): Promise<IteratorResult<Uint8Array, undefined>> {
    verdict ??= log.verify(({ checked, total }) => {
      if (pending.ended) throw readerLeft
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
      return ndjson(wireVerdict(result))
    }
    const { progress } = pending
    pending.progress = undefined
    return progress === undefined ? next() : ndjson(progress)
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

function ndjson(content: WireAuditLine): IteratorResult<Uint8Array, undefined> {
  return { done: false, value: Buffer.from(`${JSON.stringify(content)}\n`) }
}

/** The verdict as the last line. */
export function wireVerdict(verdict: AuditVerdict): WireAuditLine {
  if (verdict.intact) {
    const head = Object.fromEntries(
      [...verdict.heads].map(([stream, { sequence, hash }]) => [stream, { sequence, hash }]),
    )
    if (verdict.checkpoints.size === 0) return { ok: true, entries: verdict.entries, head }
    const from = Object.fromEntries(
      [...verdict.checkpoints].map(([stream, one]) => [stream, wireCheckpoint(one)]),
    )
    return { ok: true, entries: verdict.entries, head, from }
  }
  const { stream, sequence, problem } = verdict
  return { ok: false, at: { stream, sequence }, reason: problem }
}
