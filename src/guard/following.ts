import { Replica } from '../verifier/replica.ts'
import type { RevocationView } from '../verifier/alive.ts'
import type { Places } from '../verifier/changes.ts'
import type { FeedPosition, HelloFrame } from '../protocol/feed.ts'

/** 16 zero bytes: no epoch. */
const noEpoch = new Uint8Array(16)

/**
 * What a guard knows: the replica, and how far it has come in the feed of which node. It outlives
 * connections. As a view of the replica it stays the same object when a snapshot replaces the
 * replica.
 */
export class Following implements RevocationView {
  #replica: Replica
  #versionBefore = 0
  #epoch: Uint8Array = noEpoch
  #mark = 0
  #position: Map<string, number> = new Map()
  #issuer: string | undefined
  /** Up to when the node has forgotten entries itself, as it last said; Unix time in seconds. */
  forgottenSeconds = 0

  constructor() {
    // Without chance, which no runtime need have yet: it stays empty until a snapshot replaces it.
    this.#replica = new Replica(0)
  }

  get everyone(): number {
    return this.#replica.everyone
  }

  /** Grows with every change, also with a new replica. */
  get version(): number {
    return this.#versionBefore + this.#replica.version
  }

  get entries(): number {
    return this.#replica.entries
  }

  get epoch(): Uint8Array {
    return this.#epoch
  }

  get mark(): number {
    return this.#mark
  }

  get position(): FeedPosition {
    return this.#position
  }

  /** As the node named it; undefined before the first hello. */
  get issuer(): string | undefined {
    return this.#issuer
  }

  /** Tokens that expire by then are over, whatever a clock says: see `Replica.overSeconds`. */
  get overSeconds(): number {
    return this.#replica.overSeconds
  }

  isRevoked(high: number, low: number): boolean {
    return this.#replica.isRevoked(high, low)
  }

  generation(high: number, low: number): number {
    return this.#replica.generation(high, low)
  }

  cutoff(high: number, low: number): number {
    return this.#replica.cutoff(high, low)
  }

  mayHaveChanged(high: number, version: number): boolean {
    return this.#replica.mayHaveChanged(high, version - this.#versionBefore)
  }

  mayConcern(places: Places, version: number): boolean {
    return this.#replica.mayConcern(places, version - this.#versionBefore)
  }

  greet(hello: HelloFrame): void {
    this.#issuer = hello.issuer
  }

  /** A snapshot is complete: from now on its replica is the one. */
  replace(replica: Replica, epoch: Uint8Array, mark: number, position: FeedPosition): void {
    this.#versionBefore += this.#replica.version + 1
    this.#replica = replica
    this.#epoch = epoch
    this.#mark = mark
    this.#position = new Map(position)
  }

  /** The next connection begins with a snapshot, whichever node it leads to. */
  startAnew(): void {
    this.#epoch = noEpoch
    this.#mark = 0
  }

  /** A batch has come; `moved` names the streams that it moved on. */
  apply(words: Uint32Array, count: number, mark: number, moved: FeedPosition): void {
    this.#replica.applyWords(words, count)
    this.#mark = mark
    for (const [stream, sequence] of moved) this.#position.set(stream, sequence)
  }

  /**
   * Drops a part of what has expired, as far as the node has done so: a clock here that runs ahead
   * for a moment must not make good tokens be over.
   */
  forget(nowSeconds: number): void {
    this.#replica.forget(Math.min(nowSeconds, this.forgottenSeconds))
  }
}
