/** How many places changes are told apart by; a power of two. 128 KiB. */
const places = 16_384
/** One more, at which every change is noted. */
const everyPlace = places
/** Of a place, so that two of them make one small number in every runtime. */
const placeBits = 15
const placeMask = (1 << placeBits) - 1
/** In a {@link Places}. */
const placesKept = 8

/**
 * The places of everything that a token names, two in each number, the same one again where it
 * names less. They are numbers of what is known of the token, and not a list, because they are
 * asked about after every change: a list, or an object more, would be a wait for memory each.
 */
export interface Places {
  readonly placesA: number
  readonly placesB: number
  readonly placesC: number
  readonly placesD: number
}

/**
 * Where changes show that concern a token.
 *
 * @param highs The high half of each of its fingerprints. Of more than eight, which no token of the
 *   scopes of today has, the rest stand at the place of every change.
 */
export function placesOf(highs: readonly number[]): Places {
  const isMore = highs.length > placesKept
  const place = (at: number): number =>
    isMore && at === placesKept - 1 ? everyPlace : placeOf(highs[at] ?? highs[0] ?? 0)
  const pair = (at: number): number => place(at) | (place(at + 1) << placeBits)
  return { placesA: pair(0), placesB: pair(2), placesC: pair(4), placesD: pair(6) }
}

/**
 * When anything was last changed at each of some thousand places, so that a verifier need not look
 * everything up again about a token after every change that concerns others. Fingerprints that
 * share a place are taken for each other, which costs a look-up and nothing else.
 */
export class Changes {
  readonly #lastVersions = new Float64Array(places + 1)
  #fromVersion: number

  /** @param version The version of the replica now; changes up to it are not known. */
  constructor(version: number) {
    this.#fromVersion = version
  }

  /**
   * Notes a change.
   *
   * @param high The high half of the fingerprint that was changed.
   * @param version The version of the replica with the change.
   */
  note(high: number, version: number): void {
    this.#lastVersions[placeOf(high)] = version
    this.#lastVersions[everyPlace] = version
  }

  /**
   * Notes a change that concerns every token.
   *
   * @param version The version of the replica with the change.
   */
  noteEveryone(version: number): void {
    this.#fromVersion = version
  }

  /**
   * Whether a fingerprint may have been changed after a version.
   *
   * @param high Its high half.
   * @param version A version of the replica.
   * @returns False only where it was not.
   */
  mayHaveChanged(high: number, version: number): boolean {
    return version < this.#fromVersion || this.#lastVersions[placeOf(high)]! > version
  }

  /** The same of everything that a token names, everyone included. */
  mayConcern({ placesA, placesB, placesC, placesD }: Places, version: number): boolean {
    return (
      version < this.#fromVersion ||
      this.#isLater(placesA, version) ||
      this.#isLater(placesB, version) ||
      this.#isLater(placesC, version) ||
      this.#isLater(placesD, version)
    )
  }

  #isLater(pair: number, version: number): boolean {
    const last = this.#lastVersions
    return last[pair & placeMask]! > version || last[pair >>> placeBits]! > version
  }
}

function placeOf(high: number): number {
  return high & (places - 1)
}
