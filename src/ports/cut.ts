/**
 * The end of the log: old entries are cut, stream by stream, up to a checkpoint that takes their
 * place in the chain. What still counts is kept before it. Which entries those are is the store's
 * to say; how far a cut goes, and what the checkpoint holds then, `domain/plan-cut.ts` decides.
 */
import type { Checkpoint } from '../domain/checkpoint.ts'
import type { Cuttable, CutCommand } from '../domain/plan-cut.ts'

export interface CutRequest {
  readonly stream: string
  /** What is older than this and over since before it may be cut, milliseconds since 1970. */
  readonly beforeMs: number
  /** Entries behind this number are looked at. */
  readonly after: number
  /** Of those that were kept, the ones behind this number and not behind `after`. */
  readonly keptAfter: number
  /** How many of both, 1 to 10,000. */
  readonly limit: number
}

export interface CutStore {
  /** Those of every stream of which something was cut. */
  readCheckpoints(): Promise<readonly Checkpoint[]>

  /** Reads what the next cut of a stream has to know. What counts no more never counts again. */
  readCuttable(request: CutRequest): Promise<Cuttable>

  /**
   * Removes entries and puts the checkpoint in place, in one commit.
   *
   * @returns False where another checkpoint stands there than the one to be replaced: then nothing
   *   changed.
   */
  cut(command: CutCommand): Promise<boolean>
}
