import type { Digest } from './chain.ts'

/**
 * Where the log of one stream begins: entries up to here were cut. It takes their place in the
 * chain, and keeps account of those among them that still count and are kept.
 *
 * It is only as good as the chain itself: an attacker who can write the database can forge both.
 * The heads that a verification prints, kept elsewhere, reveal that.
 */
export interface Checkpoint {
  readonly stream: string
  /** Number of the last entry that was cut, and its hash: what the next entry follows. */
  readonly sequence: number
  readonly hash: string
  /**
   * How many entries up to `sequence` are kept, and the combination of their hashes: see
   * `foldKept`.
   */
  readonly kept: number
  readonly keptHash: string
  /**
   * Whatever was cut was made before this moment, and every token that it ended has expired before
   * it. Milliseconds since 1970.
   */
  readonly beforeMs: number
  /** When it was moved the last time, and by whom: `retention`, `operator:maria`. */
  readonly atMs: number
  readonly actor: string
  /** SHA-256, base64url, of all that stands above: see `sealInput`. */
  readonly seal: string
}

/** @param digest SHA-256 of a text in UTF-8, base64url. */
export function sealCheckpoint(parts: Omit<Checkpoint, 'seal'>, digest: Digest): Checkpoint {
  return { ...parts, seal: digest(sealInput(parts)) }
}

/** Whether a checkpoint is what was written. */
export function isSealed(checkpoint: Checkpoint, digest: Digest): boolean {
  return checkpoint.seal === digest(sealInput(checkpoint))
}

/** The bytes over which the seal is taken: a JSON array, in this order, in UTF-8. */
function sealInput(parts: Omit<Checkpoint, 'seal'>): string {
  const { stream, sequence, hash, kept, keptHash, beforeMs, atMs, actor } = parts
  return JSON.stringify([
    'checkpoint',
    1,
    stream,
    sequence,
    hash,
    kept,
    keptHash,
    beforeMs,
    atMs,
    actor,
  ])
}

/** Entries that were cut and are gone. */
export function removedBy({ sequence, kept }: Pick<Checkpoint, 'sequence' | 'kept'>): number {
  return sequence - kept
}

/** How many entries are kept, and the exclusive or of their hashes. */
export interface Kept {
  readonly count: number
  readonly hash: string
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

export const noneKept: Kept = { count: 0, hash: 'A'.repeat(43) }

/**
 * Takes an entry in, or out again: with the exclusive or both are the same, in any order, so that a
 * cut does not read again what an earlier one kept.
 *
 * @param by 1 or -1.
 * @param hash Of the entry, base64url.
 */
export function foldKept(kept: Kept, by: 1 | -1, hash: string): Kept {
  // A character stands for six bits.
  const folded = Array.from(kept.hash, (character, index) => {
    const bits = alphabet.indexOf(character) ^ alphabet.indexOf(hash[index] ?? 'A')
    return alphabet[bits] ?? 'A'
  })
  return { count: kept.count + by, hash: folded.join('') }
}
