/**
 * The guard: the library in a resource server that decides about access tokens in memory, and
 * refuses what was logged out from the moment on when the logout is answered. It owns the replica's
 * feed, the lease and the watches; adapters for frameworks are in `adapters/`. It uses web
 * standards and `jose` alone. `docs/guard.md` shows how to use it.
 */
export { createGuard } from './guard.ts'
export type {
  CheckOptions,
  Guard,
  GuardCounters,
  GuardLog,
  GuardOptions,
  GuardStatus,
  OnStale,
  ProofOfKey,
  ReadyOptions,
} from './options.ts'
export type { GuardClock } from './clock.ts'
export type { ConnectFeed, FeedSocket, FeedSocketEvents, FeedTarget } from './transport.ts'
export type { AccessClaims, TokenClaims } from '../verifier/claims.ts'
export type { ProofProblem } from '../protocol/dpop.ts'
export type { Rejection, Verdict } from '../verifier/verdict.ts'
