/**
 * The replica: everything a verifier remembers of what has ended, in memory.
 *
 * It owns what the numbers in its tables mean and how they age. It does not know where entries come
 * from (the feed), whether it is current (the lease), or what makes a token dead (`alive`).
 *
 * Every change only adds: a later forget-after second, a higher generation. So entries may arrive
 * twice, in any order, and from a snapshot and the tail at once, and the replica ends up the same.
 *
 * What is forgotten, or was left out from the beginning, ended tokens that expire by a certain
 * second. The replica remembers the latest such second, and its verifier takes every token that
 * expires by then as expired, whatever a clock says later: see `overSeconds`.
 */

import { Changes, type Places } from './changes.ts'
import { entryKinds, entryWords } from '../protocol/feed.ts'
import { FingerprintTable, largestNumber, subTables } from './fingerprint-table.ts'

/** A bounded piece of a snapshot. */
export interface ReplicaChunk {
  /** How many entries the piece holds. */
  readonly count: number
  /**
   * `entryWords` words for each entry: high, low, forget-after second, value, kind. Fingerprint (0,
   * 0) with a generation means everyone.
   */
  readonly words: Uint32Array<ArrayBuffer>
}

/** The in-memory table of a verifier. */
export class Replica {
  readonly #revoked: FingerprintTable
  readonly #generations: FingerprintTable
  readonly #cutoffs: FingerprintTable
  #everyone = 0
  #version = 0
  /** Kept from the first question on: most replicas (of a snapshot, in a test) are never asked. */
  #changes: Changes | undefined
  #sweepIndex = 0
  #sweepSlot = 0
  #overSeconds = 0

  /**
   * Makes an empty replica.
   *
   * @param seed Orders the entries in memory; an unsigned 32-bit number. Give one only where a run
   *   must be repeatable: the default is random, because applying the snapshot of a replica with
   *   the _same_ seed is very slow.
   */
  constructor(seed: number = randomSeed()) {
    this.#revoked = new FingerprintTable(1, seed)
    this.#generations = new FingerprintTable(2, seed)
    this.#cutoffs = new FingerprintTable(2, seed)
  }

  /**
   * Up to when this replica has forgotten, or never had, what has ended: Unix time in seconds. A
   * token that expires then or earlier may have ended and must be taken as expired. Never goes
   * back.
   */
  get overSeconds(): number {
    return this.#overSeconds
  }

  /** How many entries are held: what is revoked, raised or cut off, without everyone's generation. */
  get entries(): number {
    return this.#revoked.entries + this.#generations.entries + this.#cutoffs.entries
  }

  /**
   * A number that grows with every applied change. While it stays the same, a verifier may reuse
   * the result of its last look-up. Forgetting does not count: what is forgotten has expired by
   * itself.
   */
  get version(): number {
    return this.#version
  }

  /** The generation of everyone; 0 where it was never raised. */
  get everyone(): number {
    return this.#everyone
  }

  /**
   * Marks a token or session as revoked. Keeps the later second when it is marked already.
   *
   * @param high The high half of its fingerprint.
   * @param low The low half.
   * @param forgetAfterSeconds Unix time in seconds after which no token that this concerns can be
   *   good. Rounded up. What does not fit 32 bits, or is not a number, means never.
   */
  revoke(high: number, low: number, forgetAfterSeconds: number): void {
    if (this.#revoked.merge(high, low, forgetAfterWord(forgetAfterSeconds), 0)) this.#changed(high)
  }

  /**
   * Raises the generation of a subject, client, grant or device. Never lowers it, and keeps the
   * later second. The reserved fingerprint (0, 0) is everyone.
   *
   * @param high The high half of its fingerprint.
   * @param low The low half.
   * @param generation The new generation. 0 is what every token has, and changes nothing.
   * @param forgetAfterSeconds As in {@link Replica.revoke}.
   * @throws {RangeError} If the generation is not an unsigned 32-bit integer.
   */
  raise(high: number, low: number, generation: number, forgetAfterSeconds: number): void {
    if (high === 0 && low === 0) return this.raiseEveryone(generation)
    if (requireWord(generation, 'raise a generation to') === 0) return
    const forgetAfter = forgetAfterWord(forgetAfterSeconds)
    if (this.#generations.merge(high, low, forgetAfter, generation)) this.#changed(high)
  }

  /**
   * Ends what was issued up to a second by another issuer, of one of its subjects, say. Never goes
   * back, and keeps the later second to forget it.
   *
   * @param high The high half of its fingerprint.
   * @param low The low half.
   * @param seconds The last second that is dead, Unix time. 0 changes nothing.
   * @param forgetAfterSeconds As in {@link Replica.revoke}.
   * @throws {RangeError} If the second is not an unsigned 32-bit integer.
   */
  cutOff(high: number, low: number, seconds: number, forgetAfterSeconds: number): void {
    if (requireWord(seconds, 'cut off up to') === 0) return
    const forgetAfter = forgetAfterWord(forgetAfterSeconds)
    if (this.#cutoffs.merge(high, low, forgetAfter, seconds)) this.#changed(high)
  }

  /**
   * Raises the generation of everyone. Never lowers it, never forgets it.
   *
   * @param generation The new generation.
   * @throws {RangeError} If the generation is not an unsigned 32-bit integer.
   */
  raiseEveryone(generation: number): void {
    if (requireWord(generation, 'raise a generation to') <= this.#everyone) return
    this.#everyone = generation
    this.#version++
    this.#changes?.noteEveryone(this.#version)
  }

  /**
   * Whether a token or session is revoked. Allocates nothing.
   *
   * @param high The high half of its fingerprint.
   * @param low The low half.
   * @returns True from the revocation until it is forgotten.
   */
  isRevoked(high: number, low: number): boolean {
    return this.#revoked.get(high, low) !== 0
  }

  /**
   * The generation of a subject, client, grant or device. Allocates nothing.
   *
   * @param high The high half of its fingerprint.
   * @param low The low half.
   * @returns Its generation, or 0 where none is known. For the reserved (0, 0): that of everyone.
   */
  generation(high: number, low: number): number {
    if (high === 0 && low === 0) return this.#everyone
    return this.#generations.get(high, low)
  }

  /**
   * The last second up to which what was issued is dead. Allocates nothing.
   *
   * @param high The high half of the fingerprint.
   * @param low The low half.
   * @returns Unix time, or 0 where nothing is cut off.
   */
  cutoff(high: number, low: number): number {
    return this.#cutoffs.get(high, low)
  }

  /**
   * Whether what a fingerprint stands for may have been revoked, raised or cut off since a version.
   * Allocates nothing, but at the first call.
   *
   * @param high The high half of the fingerprint.
   * @param version What {@link Replica.version} was.
   * @returns False only where it was not; the first call begins to keep account and returns true.
   */
  mayHaveChanged(high: number, version: number): boolean {
    this.#changes ??= new Changes(this.#version)
    return this.#changes.mayHaveChanged(high, version)
  }

  /**
   * The same of everything that a token names, and of everyone's generation.
   *
   * @param places Of the token.
   * @param version What {@link Replica.version} was.
   */
  mayConcern(places: Places, version: number): boolean {
    this.#changes ??= new Changes(this.#version)
    return this.#changes.mayConcern(places, version)
  }

  /**
   * Drops entries whose time has passed, a little at a time. Each call resumes where the last
   * stopped, so that calling it from a timer visits everything in turn and never stalls the
   * process. An entry is never dropped before its time; one that the table moved meanwhile may have
   * to wait for the next round. From then on everything is over that expires by then.
   *
   * @param nowSeconds Unix time in seconds.
   * @param budget How many slots to examine at most; without it, what is left of one sub-table: of
   *   all of a small table, or of 1/256 of a large one. `Infinity` examines everything.
   * @returns How many entries were dropped.
   */
  forget(nowSeconds: number, budget?: number): number {
    this.leaveOut(nowSeconds)
    let left = budget ?? Infinity
    let dropped = 0
    // One visit more than there are sub-tables: the first may begin in the middle.
    const tables = this.#tables
    for (let visit = 0; visit <= tables.length * subTables && left > 0; visit++) {
      const table = tables[Math.floor(this.#sweepIndex / subTables)]!
      const index = this.#sweepIndex % subTables
      if (table.count(index) > 0) {
        const slots = Math.max(0, table.slots(index) - this.#sweepSlot)
        dropped += table.sweep(index, this.#sweepSlot, left, nowSeconds)
        left -= slots
        if (table.resumeSlot >= 0) {
          this.#sweepSlot = table.resumeSlot
          break
        }
        if (budget === undefined) left = 0
      }
      this.#sweepSlot = 0
      this.#sweepIndex = (this.#sweepIndex + 1) % (tables.length * subTables)
    }
    return dropped
  }

  /**
   * Notes that what fills this replica lacks entries, though none that concerns a token which
   * expires later.
   *
   * @param seconds Unix time in seconds.
   */
  leaveOut(seconds: number): void {
    this.#overSeconds = Math.max(this.#overSeconds, Math.floor(seconds))
  }

  /**
   * A snapshot of everything, in bounded pieces. The replica may change between two pieces: an
   * entry that is there all the time is delivered, others may or may not be. So take the position
   * in the log _before_ the first piece and apply the tail from there, and
   * {@link Replica.overSeconds} _after_ the last: entries may be forgotten on the way. It ends soon
   * as long as a piece holds more entries than arrive while it is sent.
   *
   * @param maxEntries How many entries a piece holds at most.
   * @yields Pieces that the receiver may keep: nothing writes to them afterwards.
   * @throws {RangeError} If `maxEntries` is not a positive integer.
   */
  *chunks(maxEntries: number): Generator<ReplicaChunk, void, undefined> {
    if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
      throw new RangeError(`Cannot cut a snapshot into pieces of "${maxEntries}" entries`)
    }
    if (this.#everyone > 0) {
      const words = Uint32Array.of(0, 0, largestNumber, this.#everyone, entryKinds.raised)
      yield { count: 1, words }
    }
    for (const [table, kind] of [
      [this.#generations, entryKinds.raised],
      [this.#cutoffs, entryKinds.cutoff],
      [this.#revoked, entryKinds.revoked],
    ] as const) {
      for (const words of table.chunks(maxEntries, kind)) {
        yield { count: words.length / entryWords, words }
      }
    }
  }

  /**
   * Applies entries as {@link Replica.chunks} or a tail batch delivers them.
   *
   * @param words Words of each entry, laid out as in {@link ReplicaChunk.words}.
   * @param count How many entries to apply.
   * @throws {RangeError} If the words are fewer than the entries need: nothing is applied then. Or
   *   if an entry is of a kind that is not known.
   */
  applyWords(words: Uint32Array, count: number): void {
    if (!(count * entryWords <= words.length)) {
      throw new RangeError(`Cannot apply ${count} entries: only ${words.length} words are given`)
    }
    for (let at = 0; at < count * entryWords; at += entryWords) {
      this.#applyEntry(words, at)
    }
  }

  #applyEntry(words: Uint32Array, at: number): void {
    const [high, low, until] = [words[at]!, words[at + 1]!, words[at + 2]!]
    switch (words[at + 4]) {
      case entryKinds.revoked:
        return this.revoke(high, low, until)
      case entryKinds.raised:
        return this.raise(high, low, words[at + 3]!, until)
      case entryKinds.cutoff:
        return this.cutOff(high, low, words[at + 3]!, until)
      default:
        throw new RangeError(`Cannot apply entry: no kind of entry is ${words[at + 4]}`)
    }
  }

  /**
   * Forgets everything, everyone's generation too. Only for a verifier that accepts nothing
   * meanwhile.
   */
  clear(): void {
    for (const table of this.#tables) table.clear()
    this.#everyone = 0
    this.#sweepIndex = 0
    this.#sweepSlot = 0
    this.#version++
    this.#changes = undefined
  }

  get #tables(): readonly FingerprintTable[] {
    return [this.#revoked, this.#generations, this.#cutoffs]
  }

  #changed(high: number): void {
    this.#version++
    this.#changes?.note(high, this.#version)
  }

  /**
   * How much memory the tables take.
   *
   * @returns Bytes.
   */
  memoryBytes(): number {
    return this.#tables.reduce((bytes, table) => bytes + table.memoryBytes(), 0)
  }
}

/** A second that fits a slot: never 0 (an empty slot), never earlier than asked for. */
function forgetAfterWord(seconds: number): number {
  if (!(seconds < largestNumber)) return largestNumber
  return Math.max(1, Math.ceil(seconds))
}

/** A number that was cut to 32 bits would bring dead tokens back, so it is refused instead. */
function requireWord(value: number, what: string): number {
  if (value === value >>> 0) return value
  throw new RangeError(`Cannot ${what} "${value}": not an unsigned 32-bit integer`)
}

function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!
}
