/** How many places changes are told apart by; a power of two. 128 KiB. */
const places = 16_384

/**
 * When anything was last changed at each of some thousand places, so that a verifier need not look
 * everything up again about a token after every change that concerns others. Fingerprints that
 * share a place are taken for each other, which costs a look-up and nothing else.
 */
export class Changes {
  readonly #lastVersions = new Float64Array(places)
  readonly #fromVersion: number

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
    this.#lastVersions[high & (places - 1)] = version
  }

  /**
   * Whether a fingerprint may have been changed after a version.
   *
   * @param high Its high half.
   * @param version A version of the replica.
   * @returns False only where it was not.
   */
  mayConcern(high: number, version: number): boolean {
    return version < this.#fromVersion || this.#lastVersions[high & (places - 1)]! > version
  }
}
