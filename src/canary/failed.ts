/** A round that could not be run: nothing was measured on any path. */
export class CanaryFailed extends Error {
  override readonly name = 'CanaryFailed'
}
