import type { Checkpoint } from '../domain/checkpoint.ts'
import type { Position } from '../domain/revocation.ts'
import { StreamVerifier, type Break } from '../domain/stream-verifier.ts'
import type { CutStore } from '../ports/cut.ts'
import type { LogStore } from '../ports/store.ts'
import { sha256 } from './sha256.ts'

/** What is read of a store; a file that is opened for reading alone will do. */
export type AuditLog = Pick<LogStore, 'head' | 'readStream'> & Pick<CutStore, 'readCheckpoints'>

export type AuditVerdict =
  | {
      readonly intact: true
      readonly entries: number
      /**
       * Sequence number and hash of every stream's last entry. Kept elsewhere, they prove later
       * that nothing was cut off at the end, which no chain can show by itself.
       */
      readonly heads: ReadonlyMap<string, { readonly sequence: number; readonly hash: string }>
      /** By stream: where the verification began, other than at its first entry. */
      readonly checkpoints: ReadonlyMap<string, Checkpoint>
    }
  | ({
      readonly intact: false
      readonly stream: string
      /** `sequence`: the first entry that is missing or is not what was written. */
    } & Break)

export interface AuditProgress {
  readonly checked: number
  readonly total: number
}

/** Read at once: some megabytes of memory, and a pause for other work between the pages. */
const PAGE = 5_000

/**
 * Verifies the whole audit log: every stream is numbered without gaps from 1 or from its checkpoint
 * on, every entry is what was written, and each follows the one before it; and everything that a
 * checkpoint kept is there. Entries that are added during the check are skipped.
 *
 * @param onProgress Called after every page.
 * @throws {Refusal} `store_unavailable` where the log cannot be read: that does not mean it is
 *   broken.
 */
export async function verifyChain(
  log: AuditLog,
  onProgress: (progress: AuditProgress) => void = () => {},
): Promise<AuditVerdict> {
  const start = await readEnds(log)
  const streams = new Set([...start.position.keys(), ...start.checkpoints.keys()])
  const total = [...streams].reduce((sum, stream) => sum + size(start, stream), 0)
  const heads = new Map<string, { sequence: number; hash: string }>()
  const checkpoints = new Map<string, Checkpoint>()
  let checked = 0
  for (const stream of streams) {
    const { verifier, checkpoint, broken } = await verifyStream(log, stream, start, (entries) => {
      onProgress({ checked: Math.min(checked + entries, total), total })
    })
    if (broken !== undefined) return { intact: false, stream, ...broken }
    checked += verifier.entries
    heads.set(stream, verifier.last)
    if (checkpoint !== undefined) checkpoints.set(stream, checkpoint)
  }
  return { intact: true, entries: checked, heads, checkpoints }
}

/** Where every stream begins and ends. */
interface Ends {
  readonly checkpoints: ReadonlyMap<string, Checkpoint>
  readonly position: Position
}

async function readEnds(log: AuditLog): Promise<Ends> {
  // In this order: no checkpoint is ahead of where its stream ended a moment later.
  const checkpoints = await log.readCheckpoints()
  const position = await log.head()
  return { checkpoints: new Map(checkpoints.map((one) => [one.stream, one])), position }
}

function size({ checkpoints, position }: Ends, stream: string): number {
  const { sequence, kept } = checkpoints.get(stream) ?? { sequence: 0, kept: 0 }
  return (position.get(stream) ?? 0) - sequence + kept
}

interface Verified {
  readonly verifier: StreamVerifier
  readonly checkpoint: Checkpoint | undefined
  readonly broken: Break | undefined
}

async function verifyStream(
  log: AuditLog,
  stream: string,
  start: Ends,
  report: (entries: number) => void,
): Promise<Verified> {
  for (let ends = start; ;) {
    const checkpoint = ends.checkpoints.get(stream)
    const verifier = new StreamVerifier(checkpoint, sha256)
    const head = ends.position.get(stream) ?? 0
    const broken = await followStream(log, verifier, stream, head, report)
    if (broken === undefined) return { verifier, checkpoint, broken }
    ends = await readEnds(log)
    if (ends.checkpoints.get(stream)?.seal === checkpoint?.seal) {
      return { verifier, checkpoint, broken }
    }
    // The log was cut during the check, which explains the gap. Each attempt begins further on.
  }
}

async function followStream(
  log: AuditLog,
  verifier: StreamVerifier,
  stream: string,
  head: number,
  report: (entries: number) => void,
): Promise<Break | undefined> {
  let after = 0
  while (after < head) {
    const page = await log.readStream(stream, after, PAGE)
    // Entries that were added during the check are skipped.
    const entries = page.filter(({ sequence }) => sequence <= head)
    const broken = verifier.follow(entries)
    if (broken !== undefined) return broken
    const last = entries.at(-1)
    if (last === undefined) break
    after = last.sequence
    report(verifier.entries)
  }
  return verifier.end(head)
}
