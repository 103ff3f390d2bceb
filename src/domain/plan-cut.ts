import { chainStart, followChain, isIntact, type Digest } from './chain.ts'
import { foldKept, isSealed, noneKept, sealCheckpoint, type Checkpoint } from './checkpoint.ts'
import type { Revocation } from './revocation.ts'
import type { Break } from './stream-verifier.ts'

/** An entry, and whether it still counts. */
export interface JudgedEntry {
  readonly entry: Revocation
  /**
   * True where something may still ask for it: a verifier that has to know it, a session that it
   * ended and that is still stored, or a counter that it was the last to raise.
   */
  readonly counts: boolean
}

/** What a cut has to know of a stream. */
export interface Cuttable {
  /** Undefined where nothing of the stream was ever cut. */
  readonly checkpoint: Checkpoint | undefined
  /** Every entry up to this one is planned (`ports/delivery.ts`). */
  readonly planned: number
  /** Entries that the checkpoint kept, in order. */
  readonly kept: readonly JudgedEntry[]
  /** The next entries behind the checkpoint, in order. */
  readonly next: readonly JudgedEntry[]
}

/** One step of a cut. */
export interface CutCommand {
  /** Seal of the checkpoint that this one takes the place of; undefined where there is none. */
  readonly replaces: string | undefined
  readonly checkpoint: Checkpoint
  /** Numbers of the entries that go; none is behind the checkpoint. */
  readonly removes: readonly number[]
}

export interface CutTerms {
  readonly stream: string
  readonly beforeMs: number
  /** No entry with this number or a higher one is cut. */
  readonly below: number
  readonly atMs: number
  readonly actor: string
}

export type CutPlan =
  | { readonly kind: 'nothing' }
  | ({ readonly kind: 'cut' } & CutCommand)
  /** The chain does not hold: what shows that is not taken away. */
  | ({ readonly kind: 'broken' } & Break)

/**
 * Decides what the next step of a cut is: how far the checkpoint moves, what goes, and what is kept
 * before it. What goes is verified before.
 */
export function planCut(
  { checkpoint, planned, kept, next }: Cuttable,
  { stream, beforeMs, below, atMs, actor }: CutTerms,
  digest: Digest,
): CutPlan {
  const before = checkpoint ?? chainStart
  if (checkpoint !== undefined && !isSealed(checkpoint, digest)) {
    return broken(checkpoint.sequence, 'the checkpoint there is not what was written')
  }
  const spoiled = kept.find(({ entry }) => !isIntact(entry, digest))
  if (spoiled !== undefined) return broken(spoiled.entry.sequence, 'it is not what was written')
  const end = next.findIndex(
    ({ entry }) => entry.atMs >= beforeMs || entry.sequence >= below || entry.sequence > planned,
  )
  const old = end === -1 ? next : next.slice(0, end)
  const check = followChain(
    { sequence: before.sequence, hash: before.hash },
    old.map(({ entry }) => entry),
    digest,
  )
  if (check.kind === 'broken') return check
  const over = kept.filter(({ counts }) => !counts)
  if (old.length === 0 && over.length === 0) return { kind: 'nothing' }
  let fold = checkpoint ? { count: checkpoint.kept, hash: checkpoint.keptHash } : noneKept
  for (const { entry } of over) fold = foldKept(fold, -1, entry.hash)
  for (const { entry, counts } of old) if (counts) fold = foldKept(fold, 1, entry.hash)
  const moved: Omit<Checkpoint, 'seal'> = {
    stream,
    ...check.last,
    kept: fold.count,
    keptHash: fold.hash,
    beforeMs: Math.max(beforeMs, checkpoint?.beforeMs ?? 0),
    atMs,
    actor,
  }
  const gone = [...over, ...old.filter(({ counts }) => !counts)]
  return {
    kind: 'cut',
    replaces: checkpoint?.seal,
    checkpoint: sealCheckpoint(moved, digest),
    removes: gone.map(({ entry }) => entry.sequence),
  }
}

function broken(sequence: number, problem: string): CutPlan {
  return { kind: 'broken', sequence, problem }
}
