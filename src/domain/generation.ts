/**
 * The counters that a session read when it was created and keeps for its whole life. A wide
 * revocation raises a counter; whatever carries a lower number is dead. A counter that was never
 * raised is 0.
 */
export interface Generations {
  readonly everyone: number
  readonly subject: number
  readonly client: number
  readonly grant: number
  readonly device: number
}
