/** The log of what has ended: part of the store's port, see `store.ts`. */
import type { Position, Revocation, RevocationCommand } from '../domain/revocation.ts'
import type { Page, PageRequest } from './page.ts'

export interface RevokeOutcome {
  readonly revocation: Revocation
  /** False where it had already ended: then `revocation` is the entry that did it. */
  readonly added: boolean
}

export interface LogFilter {
  readonly scope?: Revocation['scope']
  /** Empty: ours. */
  readonly issuer?: string
  readonly key?: string
  readonly reason?: Revocation['reason']
}

/** Entries about our own tokens that ended something: those of one scope and key. */
export interface EndingPlace {
  readonly scope: Revocation['scope']
  readonly key: string
  /** Of a counter: the first generation that ended it, one above what it carries. Narrow: 0. */
  readonly fromGeneration: number
}

export interface LogStore {
  /** The name of the stream that this node writes. */
  readonly stream: string

  /**
   * Ends something, as its kind says (`endingOf`). Narrow: adds an entry unless that key of that
   * issuer is revoked already. Cut-offs: adds an entry unless there is one of that second or a
   * later one. Counters, which are of our own tokens alone: raises the counter and adds an entry,
   * unless `ifGeneration` is given and the counter is higher than that already. After it resolves,
   * no `rotate` and no `openSession` succeeds for what was ended with the generations that it had.
   *
   * The entry's `forgetAfterMs` is what `forgetAfterMs` of `domain/access-horizon.ts` makes of the
   * access horizon: no token that this ends lives longer, whichever node issued it, and no
   * operation that moves the horizon afterwards succeeds for what was ended.
   */
  revoke(command: RevocationCommand): Promise<RevokeOutcome>

  /**
   * Calls the listener with every batch of entries once it is durable, in the order of each stream,
   * before the promises of the calls that made them resolve, and with entries of other nodes as
   * they become known. The returned function unsubscribes.
   */
  onCommitted(listener: (entries: readonly Revocation[]) => void): () => void

  /** How far every stream has come. */
  head(): Promise<Position>

  /** Entries of one stream after a sequence number, in order, at most `limit` (1 to 10,000). */
  readStream(stream: string, afterSequence: number, limit: number): Promise<readonly Revocation[]>

  /** Entries, newest first. */
  listRevocations(filter: LogFilter, page: PageRequest): Promise<Page<Revocation>>

  findRevocation(id: string): Promise<Revocation | undefined>

  /**
   * The entry that ended something: of all entries in these places the first of the log, in the
   * order of `listRevocations`. Where that one was cut, the first that was kept. Repeated logouts
   * ask this, so it takes one look-up in an index for each place, however often a counter was
   * raised.
   *
   * @param places At most one of each scope.
   */
  findEnding(places: readonly EndingPlace[]): Promise<Revocation | undefined>

  /**
   * Everything that a verifier must know at `nowMs`: for each key whose revocation is not to be
   * forgotten yet, the entry that counts (the highest generation for wide scopes). In chunks, so
   * that millions do not need memory at once. Entries committed while this runs may or may not be
   * in it.
   */
  liveRevocations(nowMs: number): AsyncIterable<readonly Revocation[]>
}
