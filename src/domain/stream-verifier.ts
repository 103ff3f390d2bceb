import { chainStart, followChain, isIntact, type ChainLink, type Digest } from './chain.ts'
import { foldKept, isSealed, noneKept, type Checkpoint } from './checkpoint.ts'
import type { Revocation } from './revocation.ts'

/** What does not fit, and the number of the entry at which that shows. */
export interface Break {
  readonly sequence: number
  readonly problem: string
}

/**
 * Verifies one stream: from its first entry on, or from its checkpoint on, with those that the
 * checkpoint kept before.
 */
export class StreamVerifier {
  readonly #checkpoint: Checkpoint | undefined
  readonly #digest: Digest
  #kept = noneKept
  #lastKept = 0
  #keptDone: boolean
  #last: ChainLink
  #entries = 0

  /** @param checkpoint Undefined where nothing of the stream was cut. */
  constructor(checkpoint: Checkpoint | undefined, digest: Digest) {
    this.#checkpoint = checkpoint
    this.#digest = digest
    this.#keptDone = checkpoint === undefined
    this.#last = checkpoint ?? chainStart
  }

  /** The last link: of the checkpoint, or of the last entry behind it. */
  get last(): ChainLink {
    return { sequence: this.#last.sequence, hash: this.#last.hash }
  }

  /** How many entries were verified. */
  get entries(): number {
    return this.#entries
  }

  /** @param entries The next ones of the stream, in order, from the first that is there. */
  follow(entries: readonly Revocation[]): Break | undefined {
    const upTo = this.#checkpoint?.sequence ?? 0
    let kept = 0
    while (kept < entries.length && entries[kept]!.sequence <= upTo) kept++
    const broken = this.#followKept(entries.slice(0, kept))
    if (broken !== undefined) return broken
    const behind = entries.slice(kept)
    if (behind.length === 0) return undefined
    const wrong = this.#endKept()
    if (wrong !== undefined) return wrong
    const check = followChain(this.#last, behind, this.#digest)
    if (check.kind === 'broken') return { sequence: check.sequence, problem: check.problem }
    this.#last = check.last
    this.#entries += behind.length
    return undefined
  }

  /**
   * Call it when there are no more entries.
   *
   * @param head Number of the stream's last entry.
   */
  end(head: number): Break | undefined {
    const wrong = this.#endKept()
    if (wrong !== undefined) return wrong
    // The last entry of a stream is never cut.
    const isWhole = this.#last.sequence === head && head > (this.#checkpoint?.sequence ?? -1)
    if (isWhole) return undefined
    return { sequence: this.#last.sequence + 1, problem: 'the entry is missing' }
  }

  #followKept(entries: readonly Revocation[]): Break | undefined {
    for (const entry of entries) {
      const { sequence, hash } = entry
      if (this.#keptDone || sequence <= this.#lastKept) {
        return { sequence, problem: 'it stands in the wrong place' }
      }
      if (!isIntact(entry, this.#digest)) return { sequence, problem: 'it is not what was written' }
      this.#kept = foldKept(this.#kept, 1, hash)
      this.#lastKept = sequence
      this.#entries++
    }
    return undefined
  }

  #endKept(): Break | undefined {
    const checkpoint = this.#checkpoint
    if (this.#keptDone || checkpoint === undefined) return undefined
    this.#keptDone = true
    const { sequence, kept, keptHash } = checkpoint
    if (!isSealed(checkpoint, this.#digest)) {
      return { sequence, problem: 'the checkpoint there is not what was written' }
    }
    if (this.#kept.count === kept && this.#kept.hash === keptHash) return undefined
    return { sequence, problem: 'the entries before the checkpoint there are not those it kept' }
  }
}
