/** What `GET /statistics` answers. */

/** What a node has counted and measured since it started, from the instruments of its metrics. */
export interface WireStatistics {
  readonly node: string
  readonly version: string
  readonly startedAt: string
  /** Whether it can prove that it knows every revocation. */
  readonly current: boolean
  /** Why it may not serve; null where it may. */
  readonly refusal: string | null
  readonly confirmation: WireConfirmations
  /** Revocations that it committed, by scope. */
  readonly revocations: Readonly<Record<string, number>>
  /** Entries in its replica. */
  readonly replicaEntries: number
  /** Guards whose feed is open. */
  readonly guardConnections: number
  /** How far its wall clock is ahead of the time up to which it dares to forget. */
  readonly clockLeadMs: number
  /** Of all nodes; null while the database does not answer. */
  readonly deliveries: WireDeliveryCounts | null
  /** Sessions that are stored, by the hour in which they were opened: the last 24 hours. */
  readonly openings: readonly WireOpenings[]
}

/** From a commit to its confirmation by every verifier. */
export interface WireConfirmations {
  readonly count: number
  readonly sumMs: number
  /** Verifiers whose lease ran out before they acknowledged. */
  readonly lapsed: number
  /** How many took at most so long; null: any time. */
  readonly buckets: readonly WireBucket[]
}

export interface WireBucket {
  readonly upToSeconds: number | null
  readonly count: number
}

export interface WireDeliveryCounts {
  readonly owed: number
  readonly dead: number
  readonly oldestOwedMs: number
}

export interface WireOpenings {
  readonly from: string
  readonly sessions: number
}
