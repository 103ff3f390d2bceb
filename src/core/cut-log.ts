import type { Checkpoint } from '../domain/checkpoint.ts'
import type { Break } from '../domain/stream-verifier.ts'
import type { CutStore } from '../ports/cut.ts'
import type { CoreDependencies } from './dependencies.ts'
import { planCut } from '../domain/plan-cut.ts'
import { sha256 } from './sha256.ts'

export interface CutLogRequest {
  /**
   * What was made before this moment goes, unless it still counts, milliseconds since 1970. At
   * least `LEAST_KEPT_MS` ago by a time that is certainly over.
   */
  readonly beforeMs: number
  /** Who asked: `retention`, `operator:maria`. */
  readonly actor: string
  /** True: nothing is cut, and what would be is counted. */
  readonly dryRun?: boolean
  /** How many commits for each stream at most. Default: as many as it takes. */
  readonly steps?: number
  /** By stream: behind which of the entries that were kept to go on looking. Moved on. */
  readonly places?: Map<string, number>
}

/** What was done to one stream, or would be. */
export interface StreamCut {
  readonly stream: string
  /** How many entries went. */
  readonly removed: number
  /** Where it begins now; undefined where nothing of it was ever cut. */
  readonly checkpoint: Checkpoint | undefined
  /** Why it was not cut any further: its chain does not hold there. */
  readonly broken: Break | undefined
  /** True where the steps did not suffice. */
  readonly more: boolean
}

/** Entries are never cut sooner: confirmations take seconds, and clocks differ by less. */
export const LEAST_KEPT_MS = 86_400_000

/** Entries that one step looks at, each way: a few milliseconds of the thread that commits. */
const STEP = 500

type Cutting = Pick<CoreDependencies, 'store' | 'confirmation' | 'clock'>

/**
 * Cuts the log: removes what is old and over from the front of every stream, in small commits, each
 * with the checkpoint that takes its place in the chain. What still counts is kept.
 *
 * Nothing goes that some verifier has not confirmed: all that is in the log now is waited for
 * first. Nor what deliveries have not been planned of, nor the last entry of a stream.
 *
 * @returns One for every stream of the log.
 * @throws {Refusal} `store_unavailable`; what was committed stays cut.
 */
export async function cutLog(
  { store, confirmation, clock }: Cutting,
  request: CutLogRequest,
): Promise<readonly StreamCut[]> {
  const head = await store.head()
  await confirmation.confirmedUpTo(head)
  const checkpoints = new Map((await store.readCheckpoints()).map((one) => [one.stream, one]))
  const cuts: StreamCut[] = []
  for (const [stream, below] of head) {
    const terms = { ...request, stream, below, atMs: clock.nowMs() }
    cuts.push(await new StreamCutter(store, terms, checkpoints.get(stream)).run())
  }
  return cuts
}

interface StreamTerms extends CutLogRequest {
  readonly stream: string
  /** The last entry that was confirmed: it stays, so that the stream keeps its end. */
  readonly below: number
  readonly atMs: number
}

class StreamCutter {
  readonly #store: CutStore
  readonly #terms: StreamTerms
  #checkpoint: Checkpoint | undefined
  #removed = 0
  #broken: Break | undefined
  /** Of the entries that were kept: the last that was looked at, and whether there are more. */
  #place: number
  #keptLeft = true

  constructor(store: CutStore, terms: StreamTerms, checkpoint: Checkpoint | undefined) {
    this.#store = store
    this.#terms = terms
    this.#checkpoint = checkpoint
    this.#place = terms.places?.get(terms.stream) ?? 0
  }

  async run(): Promise<StreamCut> {
    const { stream, steps = Number.POSITIVE_INFINITY, places } = this.#terms
    let more = true
    for (let step = 0; more && step < steps; step++) more = await this.#step()
    places?.set(stream, this.#keptLeft ? this.#place : 0)
    const [removed, checkpoint, broken] = [this.#removed, this.#checkpoint, this.#broken]
    return { stream, removed, checkpoint, broken, more }
  }

  /** @returns Whether there may be more to do. */
  async #step(): Promise<boolean> {
    const { stream, beforeMs, dryRun = false } = this.#terms
    const after = this.#checkpoint?.sequence ?? 0
    const range = { stream, beforeMs, after, keptAfter: this.#place, limit: STEP }
    const read = await this.#store.readCuttable(range)
    const kept = this.#keptLeft ? read.kept : []
    // A dry run goes on from what it would have written.
    const checkpoint = dryRun ? this.#checkpoint : read.checkpoint
    // Another node cuts this stream: it may have all of it.
    if (checkpoint?.seal !== this.#checkpoint?.seal) return false
    const plan = planCut({ ...read, checkpoint, kept }, this.#terms, sha256)
    if (plan.kind === 'broken') {
      this.#broken = plan
      return false
    }
    if (plan.kind === 'cut') {
      if (!dryRun && !(await this.#store.cut(plan))) return false
      this.#removed += plan.removes.length
      this.#checkpoint = plan.checkpoint
    }
    this.#place = kept.at(-1)?.entry.sequence ?? this.#place
    this.#keptLeft &&= kept.length === STEP
    return this.#keptLeft || (this.#checkpoint?.sequence ?? 0) > after
  }
}
