/** Sessions, their clients and their refresh tokens: part of the store's port, see `store.ts`. */
import type { AccessLife } from '../domain/access-horizon.ts'
import type { Generations } from '../domain/generation.ts'
import type { Session, SessionNames, SessionStatus } from '../domain/session.ts'
import type { Page, SearchPageRequest } from './page.ts'
import type {
  ClientSessions,
  CountBounds,
  Openings,
  OpeningsRequest,
  SessionCount,
  SessionFilter,
} from './session-search.ts'

export interface RefreshTokenRecord {
  /** UUIDv7 in 22 characters of base64url: the public half of the token. */
  readonly id: string
  /** SHA-256, base64url, of the secret half. */
  readonly secretHash: string
  readonly expiresAtMs: number
}

export interface OpenSessionCommand extends Omit<Session, 'participantId' | 'generations'> {
  readonly refreshToken: RefreshTokenRecord | undefined
}

/** The id of the participant is minted by the caller. */
export interface JoinSessionCommand extends Pick<
  Session,
  'participantId' | 'clientId' | 'dialect' | 'attributes'
> {
  /** The session as any of its clients has it: it is not joined where these facts are not its own. */
  readonly session: Pick<
    Session,
    'sid' | 'subjectId' | 'deviceKey' | 'expiresAtMs' | 'accessLifetimeMs'
  >
  readonly joinedAtMs: number
  readonly refreshToken: RefreshTokenRecord | undefined
}

export interface RedeemToOpen {
  /** The ticket that is used up, and what its value is from then on. */
  readonly ticket: { readonly kind: string; readonly key: string; readonly value: string }
  readonly session: OpenSessionCommand
}

export interface RedeemToJoin {
  readonly ticket: RedeemToOpen['ticket']
  readonly join: JoinSessionCommand
}

export type RedeemCommand = RedeemToOpen | RedeemToJoin

export type RedeemOutcome =
  | { readonly kind: 'redeemed'; readonly session: Session }
  /** There is no such ticket, or it has attempts. */
  | { readonly kind: 'used' }
  /** The session that was to be joined is not live. The ticket is unused. */
  | { readonly kind: 'ended' }

export interface RotateCommand {
  readonly id: string
  readonly secretHash: string
  readonly nowMs: number
  /** How long the successor is handed out again for the same token, 0 for never. */
  readonly graceMs: number
  /** The next refresh token; undefined where the dialect gives none and the old one is used up. */
  readonly successor: RefreshTokenRecord | undefined
  /**
   * The answer, sealed under the presented token, kept for `graceMs`; empty where none is given
   * again.
   */
  readonly sealedAnswer: Uint8Array
  /** The access token that was signed for this, which is handed out if it succeeds. */
  readonly access: AccessLife
}

export interface ExtendAccessCommand extends AccessLife {
  readonly sid: string
  readonly participantId: string
}

export type RotateOutcome =
  | { readonly kind: 'rotated' }
  /** The same token again within its grace: the answer that it got the first time. */
  | { readonly kind: 'replayed'; readonly sealedAnswer: Uint8Array }
  /** Used before, grace over. */
  | { readonly kind: 'reused' }
  /** The session, or one of the generations that the token's client has, has ended. */
  | { readonly kind: 'revoked' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' }

export interface SessionStore {
  /**
   * Stores a session with the generations as they are in the same transaction, and its first
   * refresh token. Its access token may live for `accessLifetimeMs`, though not longer than the
   * session: the access horizon moves as far in the same transaction. Rejects with
   * `account_disabled` where the subject or the client is listed and disabled.
   */
  openSession(command: OpenSessionCommand): Promise<Session>

  /**
   * Adds a client to a session, in the transaction that checks that the session is live: it is
   * known and has not expired, and one of its participants has not ended. The client's part is
   * stored with the generations as they are then, and its first refresh token; its access token may
   * live as `openSession` says. Where the client is in the session already, with the same dialect
   * and attributes, and has not ended, its refresh token is added to that part.
   *
   * Rejects with `account_disabled` like `openSession`.
   *
   * @returns The session as the client has it; undefined where it is not live.
   */
  joinSession(command: JoinSessionCommand): Promise<Session | undefined>

  /**
   * Opens or joins a session for a ticket without attempts, as `openSession` and `joinSession` do,
   * and gives the ticket its new value and one attempt, in one transaction: of any number of
   * callers, at whatever node, exactly one comes in. Rejects as they do; the ticket is unused
   * then.
   */
  redeem(command: RedeemCommand): Promise<RedeemOutcome>

  /** A session as its first participant has it. */
  findSession(sid: string): Promise<Session | undefined>

  /** The same as `listSessions` says of this one session, as quickly as `findSession`. */
  findSessionStatus(sid: string, nowMs: number): Promise<SessionStatus | undefined>

  /**
   * The newest session of the device that is live at `nowMs`, as the first of its participants has
   * it that has not ended.
   */
  findDeviceSession(deviceKey: string, nowMs: number): Promise<Session | undefined>

  /**
   * The session of a refresh token whose secret matches, as the client has it that the token was
   * issued to, whatever state they are in.
   */
  findRefreshToken(
    id: string,
    secretHash: string,
  ): Promise<{ readonly session: Session; readonly expiresAtMs: number } | undefined>

  /**
   * Uses a refresh token up, in the transaction that checks that its session has not ended for the
   * client that it was issued to. The access horizon moves as far as `access` needs, also for
   * `replayed`.
   */
  rotate(command: RotateCommand): Promise<RotateOutcome>

  /**
   * Lets a participant have one more access token: moves the access horizon as far, in the
   * transaction that checks that the session has not ended for it. False where it has ended or is
   * not known.
   */
  extendAccess(command: ExtendAccessCommand): Promise<boolean>

  /** The moment after which no access token is good that was ever issued; 0 where none was. */
  lastAccessExpiryMs(): Promise<number>

  /**
   * Newest first, each once: by when the first participant came in that the filter finds. `state`
   * is judged at `nowMs`. A page ends early where so many rows were looked at.
   */
  listSessions(
    filter: SessionFilter,
    nowMs: number,
    page: SearchPageRequest,
  ): Promise<Page<SessionStatus>>

  /** How many sessions the filter finds: all of them, or as far as the bounds go. */
  countSessions(filter: SessionFilter, bounds?: CountBounds): Promise<SessionCount>

  /** The clients whose part in a session the filter finds, most sessions first, at most `limit`. */
  countSessionsByClient(filter: SessionFilter, limit: number): Promise<readonly ClientSessions[]>

  /** How many of the sessions that are stored were opened in each step, from the first on. */
  countOpenings(request: OpeningsRequest): Promise<readonly Openings[]>

  /** The counters as they are for such a session; without a `sid`, for one that is still to be. */
  generations(of: SessionNames): Promise<Generations>
}
