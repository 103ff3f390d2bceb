/** `/audit/verify` and `/audit/cut`: whether the log is what was written, and where it ends. */
import { LEAST_KEPT_MS, type StreamCut } from '../../../core/cut-log.ts'
import { removedBy, type Checkpoint } from '../../../domain/checkpoint.ts'
import type { Revocations } from '../../../core/revocations.ts'
import type { AuditVerdict } from '../../../core/verify-audit.ts'
import type { WireAuditLine, WireCheckpoint, WireCut } from '../../../protocol/admin-api.ts'
import { readBody, readQuery } from './fields.ts'
import { json, type AdminRoute } from './route.ts'
import { bodyOf, bodySchemas, cutSchema } from './schemas.ts'
import { time } from './wire.ts'
import type { DialectContext } from '../../context.ts'

export function auditRoutes(context: DialectContext): readonly AdminRoute[] {
  return [verifyRoute(context), cutRoute(context)]
}

/**
 * `GET /audit/verify`: lines of JSON. Progress first, at most one line a page of the log, then one
 * verdict. Where no verdict comes, nothing is known: the status was sent before the work was done.
 */
function verifyRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/audit/verify',
    operation: {
      id: 'verifyAudit',
      tag: 'Audit',
      summary: 'Verify the hash chain of the log',
      description:
        'Lines of JSON: `{checked, of}` while it runs, then `{ok: true, entries, head, from}` or `{ok: false, at, reason}`. Keep `head` elsewhere: it proves later that nothing is missing at the end. `from` says at which checkpoint each stream begins that was cut.',
      answers: {
        200: { description: 'Progress and a verdict', type: 'application/x-ndjson' },
      },
    },
    act(request) {
      readQuery(request, [])
      return {
        status: 200,
        headers: { 'content-type': 'application/x-ndjson; charset=utf-8' },
        body: verify(core.revocations),
      }
    },
  }
}

/** Commits for each stream in one request, so that it is answered in time. */
const STEPS = 40

/**
 * `POST /audit/cut`: cuts what is older than `before`, as the retention does by itself. What still
 * counts is kept.
 */
function cutRoute({ core, node }: DialectContext): AdminRoute {
  return {
    method: 'POST',
    path: '/audit/cut',
    operation: {
      id: 'cutLog',
      tag: 'Audit',
      summary: 'Cut old entries from the log, at a checkpoint that carries its chain on',
      description:
        'Entries from before `before`, which is a day ago at least, go, unless they still count. `done: false` says that the same request goes on. With `dryRun` nothing is cut.',
      body: bodyOf({ before: bodySchemas.text, dryRun: bodySchemas.flag }, ['before']),
      answers: { 200: { description: 'What was cut, or would be', schema: cutSchema } },
    },
    async act(request, actor) {
      readQuery(request, [])
      const latestMs = node.trustedMs() - LEAST_KEPT_MS
      const { beforeMs, dryRun } = readBody(request, (fields) => {
        const text = fields.requiredText('before', { longest: 40 })
        const read = Date.parse(text)
        if (text !== '' && Number.isNaN(read)) fields.complain('before', 'is not a time')
        if (read > latestMs) fields.complain('before', `must not be after ${time(latestMs)}`)
        return { beforeMs: read, dryRun: fields.flag('dryRun') }
      })
      const bound = dryRun ? {} : { steps: STEPS }
      const cuts = await core.cutLog({ beforeMs, actor, dryRun, ...bound })
      const done = cuts.every(({ more }) => !more)
      const answer: WireCut = { dryRun, done, streams: cuts.map(wireStreamCut) }
      return json(200, answer)
    },
  }
}

function wireStreamCut({ stream, removed, checkpoint, broken }: StreamCut): WireCut['streams'][0] {
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
    if (verdict.checkpoints.size === 0) return { ok: true, entries: verdict.entries, head }
    const from = Object.fromEntries(
      [...verdict.checkpoints].map(([stream, one]) => [stream, wireCheckpoint(one)]),
    )
    return { ok: true, entries: verdict.entries, head, from }
  }
  const { stream, sequence, problem } = verdict
  return { ok: false, at: { stream, sequence }, reason: problem }
}
