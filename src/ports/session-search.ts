/** By what sessions are looked for and counted. */

/** Finds the sessions of which one participant is all of this. */
export interface SessionFilter {
  readonly sid?: string
  readonly subjectId?: string
  readonly clientId?: string
  readonly deviceKey?: string
  readonly dialect?: string
  /** From where it came in: `address` of its attributes. */
  readonly address?: string
  /** Came in at this moment or later. */
  readonly openedFromMs?: number
  /** Came in at this moment or earlier. */
  readonly openedUntilMs?: number
  /** Is live at this moment. */
  readonly liveAtMs?: number
}

/**
 * Rows that one search looks at: of sessions the newest of those that its narrowest name finds, of
 * people the next ones. Where few of them match it would go on through millions otherwise.
 */
export const ROWS_LOOKED_AT = 25_000

/** How far a count goes. */
export interface CountBounds {
  /** No more than so many are counted. */
  readonly atMost: number
  /** Rows that are looked at. Default: all that it takes. */
  readonly lookAt?: number
}

export interface SessionCount {
  readonly count: number
  /** False where there may be more. */
  readonly isExact: boolean
}

/** How many sessions a client has a part in. */
export interface ClientSessions {
  readonly clientId: string
  readonly sessions: number
}

/** Moments are cut into steps of one length, counted from 1970. */
export interface OpeningsRequest {
  readonly fromMs: number
  readonly stepMs: number
}

/** How many sessions were opened in one step. */
export interface Openings {
  readonly fromMs: number
  readonly sessions: number
}
