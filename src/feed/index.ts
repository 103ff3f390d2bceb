/**
 * The node's side of the guard protocol: it brings the log to the guards, grants them leases, and
 * says when a revocation is confirmed. It owns connections, leases, acknowledgements and receipts;
 * the replica, the store and the tokens belong to others. `docs/feed.md` describes the wire,
 * `docs/lease-argument.md` why the promise holds.
 */
export { createFeedHub } from './hub.ts'
export type { FeedHub } from './hub-types.ts'
export type { VerifierStatus } from './verifiers.ts'
export { attachFeed, isFeedUpgrade } from './websocket.ts'
export { feedMediaType, logPage, snapshotStream } from './plain-http.ts'
