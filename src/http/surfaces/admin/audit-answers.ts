/** Schemas of the answers of `/audit`: verifying the log, and cutting it. */
import type {
  WireAuditBroken,
  WireAuditHead,
  WireAuditIntact,
  WireAuditLine,
  WireAuditProgress,
  WireBrokenEntry,
  WireCheckpoint,
  WireCut,
  WireStreamCut,
} from '../../../protocol/admin-api.ts'
import {
  answer,
  anyText,
  constant,
  count,
  dictionary,
  either,
  flag,
  instant,
  listOf,
  optional,
  orNull,
  type Schema,
} from '../../schema.ts'

const anyString = anyText()
const boolean = flag({})
const integer = count()

const checkpoint = answer<WireCheckpoint>(
  {
    sequence: integer,
    hash: anyString,
    removed: integer,
    kept: integer,
    before: instant,
    at: instant,
    actor: anyString,
    seal: anyString,
  },
  { name: 'Checkpoint' },
)

const streamCut = answer<WireStreamCut>(
  {
    stream: anyString,
    removed: integer,
    from: orNull(checkpoint),
    broken: orNull(answer<WireBrokenEntry>({ sequence: integer, reason: anyString })),
  },
  { name: 'StreamCut' },
)

export const logCut: Schema<WireCut> = answer<WireCut>(
  { dryRun: boolean, done: boolean, streams: listOf(streamCut) },
  { name: 'Cut' },
)

/** Of each line. */
export const auditLine: Schema<WireAuditLine> = either(
  answer<WireAuditProgress>({ checked: integer, of: integer }),
  either(
    answer<WireAuditIntact>({
      ok: constant(true),
      entries: integer,
      head: dictionary(answer<WireAuditHead>({ sequence: integer, hash: anyString }), {}),
      from: optional(dictionary(checkpoint, {})),
    }),
    answer<WireAuditBroken>({
      ok: constant(false),
      at: answer<WireAuditBroken['at']>({ stream: anyString, sequence: integer }),
      reason: anyString,
    }),
  ),
)
