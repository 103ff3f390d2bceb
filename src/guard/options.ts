import type { JWTVerifyGetKey } from 'jose'
import type { TokenClaims } from '../verifier/claims.ts'
import type { Verdict } from '../verifier/verdict.ts'
import type { GuardClock } from './clock.ts'
import type { ConnectFeed } from './transport.ts'

/**
 * What a guard does with a good token while it cannot prove that it is current: refuse it (the
 * default), ask the server about it, or allow it.
 */
export type OnStale = 'refuse' | 'ask' | 'allow'

export interface GuardOptions {
  /** The server's URL: `https://auth.example`. */
  readonly server: string
  /** The guard's credential at that server. */
  readonly credential: string
  /** What `aud` of every token must contain. Default: any token of the issuer is accepted. */
  readonly audience?: string
  /** Default `refuse`. */
  readonly onStale?: OnStale
  /**
   * How clients call this service, up to where the paths of its requests begin:
   * `https://api.example`. Proofs of keys (DPoP) are for URLs below it. A request's own `Host` is
   * not asked, because its caller writes it. Default: tokens that are bound to a key are refused.
   */
  readonly publicUrl?: string
  /**
   * Which service this guard stands in, as operators see it; at most 128 bytes. Guards of different
   * names are verifiers of their own, with a connection and a replica each. Default `guard`.
   */
  readonly name?: string
  /**
   * Verified tokens that are remembered, so that their signature is not checked again. Default
   * 10,000.
   */
  readonly cacheSize?: number
  /** How long an answer to `ask` may take, in milliseconds. Default 1000. */
  readonly askTimeoutMs?: number
  /** Expected `iss`. Default: what the server says. */
  readonly issuer?: string
  /**
   * Which of the other issuers that the server accepts are accepted here as well, by their names in
   * the configuration or by their `iss`. Default: all of them. None with an empty list.
   */
  readonly issuers?: readonly string[]
  /** Receives failures and recoveries; never a token. Default: nothing is logged. */
  readonly log?: GuardLog
  /** Fetches keys and asks. Default: the runtime's `fetch`. */
  readonly fetch?: typeof globalThis.fetch
  /** Finds the key that a token is signed with. Default: the server's JWKS, fetched and cached. */
  readonly keys?: JWTVerifyGetKey
  /** Opens the feed. Default: the runtime's WebSocket. */
  readonly connect?: ConnectFeed
  /** Default: the runtime's clocks. */
  readonly clock?: GuardClock
  /** A number from 0 up to 1, to spread reconnects. Default: from the runtime's cryptography. */
  readonly random?: () => number
}

export interface GuardLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** How long to wait for a guard. */
export interface ReadyOptions {
  /** In milliseconds. Default: for as long as it takes. */
  readonly timeoutMs?: number
  /** Ends the wait; `ready` rejects with its reason. */
  readonly signal?: AbortSignal
}

/** What one check may decide for itself. */
export interface CheckOptions {
  /** In place of the guard's audience. */
  readonly audience?: string
  /** In place of the guard's `onStale`. */
  readonly onStale?: OnStale
}

/** A request that came with a proof of the key of its token. */
export interface ProofOfKey {
  /** The `DPoP` header. */
  readonly jwt: string | undefined
  readonly method: string
  /** From the guard's `publicUrl` on; a query is passed over. */
  readonly path: string
}

/**
 * Since the guard was made; `connections`, `snapshots` and `entries` since its feed was opened,
 * which guards of one process may share.
 */
export interface GuardCounters {
  readonly accepted: number
  readonly missing: number
  readonly invalid: number
  readonly expired: number
  readonly revoked: number
  readonly stale: number
  /** Bound to a key that the caller did not prove to have. */
  readonly unproven: number
  /** Accepted without a lease, because `onStale` is `allow`. Worth an alarm. */
  readonly allowedStale: number
  /** Checks that the server was asked about. */
  readonly asked: number
  /** Connections tried. */
  readonly connections: number
  /** Snapshots completed. */
  readonly snapshots: number
  /** Entries received in the tail. */
  readonly entries: number
  /** Watches called. */
  readonly ended: number
  /** What a log or a callback threw, or went wrong in the guard: kept from the process. */
  readonly failures: number
}

export interface GuardStatus {
  /** Whether tokens are decided here and now: replica current, lease held. */
  readonly fresh: boolean
  /** Whether the feed is open and past its snapshot. */
  readonly connected: boolean
  readonly leaseLeftMs: number
  /** Entries in the replica. */
  readonly entries: number
  /** How far the replica is in each stream of the log. */
  readonly position: Readonly<Record<string, number>>
  /** How old the last news were at most when they came, in milliseconds; undefined before the first. */
  readonly lagMs: number | undefined
  /** Watches that are open. */
  readonly watches: number
  readonly counters: GuardCounters
}

export interface Guard {
  /**
   * Resolves when the replica is current and a lease is held; at once where that is so.
   *
   * @throws {Error} If the credential is refused, the guard is closed first, or the time is over;
   *   that one says why there is no lease yet.
   * @throws What the signal was aborted with.
   * @throws {TypeError} If an option is not known or out of its range.
   */
  ready(options?: ReadyOptions): Promise<void>
  /**
   * Decides about a token. Never throws.
   *
   * @param token The JWT without `Bearer`; undefined where the request had none.
   */
  check(token: string | undefined, options?: CheckOptions): Promise<Verdict>
  /**
   * The same without a promise, where nothing has to be waited for: nearly always for a token that
   * was checked before.
   *
   * @returns Undefined where only `check` can tell.
   */
  checkNow(token: string | undefined, options?: CheckOptions): Verdict | undefined
  /**
   * The same for a token that is shown with a proof of its key (`Authorization: DPoP`, RFC 9449),
   * and no other way to have one accepted that is bound to a key: `check` and `checkNow` call it
   * `unproven`. A token that is bound to none is `invalid` here.
   *
   * @param token The JWT without `DPoP`.
   */
  checkWithProof(
    token: string | undefined,
    proof: ProofOfKey,
    options?: CheckOptions,
  ): Promise<Verdict>
  /**
   * Calls back once when anything that the claims name is revoked; soon, where it is already. The
   * server is told that the revocation has arrived when all callbacks have returned.
   *
   * @returns Ends the watch.
   */
  watch(claims: TokenClaims, callback: () => void): () => void
  status(): GuardStatus
  /**
   * Stops: every later check is `stale`, and watches are not called any more, so end first what was
   * let in. The last guard that follows a feed gives its lease back.
   */
  close(): void
}
