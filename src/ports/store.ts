/**
 * What the core needs from a database, as operations of the domain.
 *
 * The contract, which `stores/contract.ts` tries on every store:
 *
 * - A promise that resolves means that the change is durable: it survives `kill -9` and power loss.
 * - Every operation is atomic. One that rejects has changed nothing.
 * - Operations that were submitted one after another commit in that order; what a resolved operation
 *   wrote is seen by every operation submitted later.
 * - Rejections are `Refusal`s: `store_unavailable` when nothing could be stored (a full disk, a lost
 *   connection), `conflict` for a unique name that is taken, `not_found` where an operation says
 *   so.
 * - Entries of a stream are numbered from 1 without gaps and chained by `chainInput`. Where some were
 *   cut (`cut.ts`) that holds behind the checkpoint, and of those before it the ones are there that
 *   still count.
 */
import type { AccessLife } from '../domain/access-horizon.ts'
import type { Generations } from '../domain/generation.ts'
import type { Position, Revocation, RevocationCommand } from '../domain/revocation.ts'
import type { Session, SessionNames, SessionStatus } from '../domain/session.ts'
import type { CutStore } from './cut.ts'
import type { DirectoryStore } from './directory.ts'
import type { DeliveryStore } from './delivery.ts'
import type {
  ClientSessions,
  CountBounds,
  Openings,
  OpeningsRequest,
  SessionCount,
  SessionFilter,
} from './session-search.ts'
import type { ForeignSessionStore } from './foreign-session.ts'
import type { OperatorStore, PasskeyStore } from './operator.ts'
import type { TicketStore } from './ticket.ts'

export type {
  ClientChange,
  ClientLookup,
  DirectoryIds,
  DirectoryNames,
  DirectoryStore,
  SubjectChange,
  SubjectLookup,
} from './directory.ts'
export type * from './session-search.ts'

export interface Store
  extends
    LogStore,
    CutStore,
    SessionStore,
    DirectoryStore,
    TicketStore,
    KeyStore,
    DeliveryStore,
    ForeignSessionStore,
    OperatorStore,
    PasskeyStore,
    MaintenanceStore {}

/** One page of a list. `next` is the cursor of the page after it, undefined on the last. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly next: string | undefined
}

export interface PageRequest {
  /** 1 to 1000. */
  readonly limit: number
  /** `next` of the page before; undefined for the first page. */
  readonly cursor: string | undefined
}

/** A page of a search may hold fewer than its limit, or none, and yet have a next one. */
export interface SearchPageRequest extends PageRequest {
  /** Rows that are looked at for this page. Default `ROWS_LOOKED_AT`. */
  readonly lookAt?: number
}

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

export interface RefreshTokenRecord {
  /** UUIDv7 in 22 characters of base64url: the public half of the token. */
  readonly id: string
  /** SHA-256, base64url, of the secret half. */
  readonly secretHash: string
  readonly expiresAtMs: number
}

export interface OpenSessionCommand {
  readonly sid: string
  readonly subjectId: string
  readonly clientId: string
  readonly deviceKey: string | undefined
  readonly dialect: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
  readonly accessLifetimeMs: number
  readonly attributes: Session['attributes']
  readonly refreshToken: RefreshTokenRecord | undefined
}

export interface JoinSessionCommand {
  /** UUIDv7, minted by the caller. */
  readonly participantId: string
  /** The session as any of its clients has it: it is not joined where these facts are not its own. */
  readonly session: Pick<
    Session,
    'sid' | 'subjectId' | 'deviceKey' | 'expiresAtMs' | 'accessLifetimeMs'
  >
  readonly clientId: string
  readonly dialect: string
  readonly joinedAtMs: number
  readonly attributes: Session['attributes']
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

export interface SigningKey {
  readonly kid: string
  readonly algorithm: 'ES256' | 'EdDSA' | 'RS256'
  /** JWK, private parts included, as JSON text; in a store perhaps wrapped (`core/wrapped-keys.ts`). */
  readonly privateJwk: string
  readonly createdAtMs: number
  /** From when on it signs no more; undefined for the key that signs. */
  readonly retiredAtMs: number | undefined
  /** From when on nothing that it signed can be alive: see `rotateKeys`. */
  readonly removeAfterMs: number | undefined
}

export interface KeyStore {
  /** Newest first. */
  listKeys(): Promise<readonly SigningKey[]>
  /**
   * Makes `next` the key that signs and retires the one that did, in one transaction, until the
   * moment that `removeKeyAfterMs` makes of the access horizon. Where `unlessPresent` is true and
   * some key signs already, changes nothing and returns false.
   */
  rotateKeys(next: SigningKey, retiredAtMs: number, unlessPresent: boolean): Promise<boolean>
  /**
   * Stores another text for a key that is there, and leaves nothing of the earlier one in the file
   * where the store has one. Resolves with whether there was such a key.
   */
  rewriteKey(kid: string, privateJwk: string): Promise<boolean>
}

export interface SweepOutcome {
  readonly sessions: number
  readonly refreshTokens: number
  readonly tickets: number
  readonly keys: number
  readonly deliveries: number
  readonly foreignSessions: number
}

export interface MaintenanceStore {
  /**
   * What the database's own clock says, milliseconds since 1970; undefined where it has none but
   * this machine's.
   */
  databaseTimeMs(): Promise<number | undefined>
  /** Resolves when the store can commit, rejects with `store_unavailable` otherwise. */
  ready(): Promise<void>
  /**
   * Removes at most `limit` rows of each kind that had expired at `nowMs`: a time that is certainly
   * over, whatever a wall clock says. A session stays while an entry that is not planned yet
   * (`ports/delivery.ts`) may have ended it before it expired.
   */
  sweep(nowMs: number, limit: number): Promise<SweepOutcome>
  /** Finishes what was accepted, then closes. */
  close(): Promise<void>
}
