/**
 * The node's side of the guard protocol: it brings the log to the guards, grants them leases, and
 * says when a revocation is confirmed. It owns connections, leases, acknowledgements and receipts;
 * the replica, the store and the tokens belong to others. `docs/feed.md` describes the wire,
 * `docs/lease-argument.md` why the promise holds.
 */
export { createFeedHub } from './hub.ts'
export type { FeedHub, FeedHubOptions, SnapshotPiece } from './hub-types.ts'
export type { FeedConnection, FeedConnectionEvents } from './connection.ts'
export type { DetailedReceipt } from './receipts.ts'
export type { VerifierStatus } from './verifiers.ts'
export type { VerifierOutcome } from './ledger.ts'
export type { FeedHubSettings } from './settings.ts'
export { attachFeed, createFeedSockets } from './websocket.ts'
export type { FeedSockets, FeedSocketsOptions } from './websocket.ts'
export { feedMediaType, logPage, snapshotStream } from './plain-http.ts'
