/**
 * Ways to get the protocol wrong, one at a time. Each breaks a rule of `src/feed/lease-rules.ts` or
 * `src/guard/lease.ts`; the simulation must find every one of them, or it proves nothing. G5 is not
 * among them: a guard that moves to a node that lags behind is too rare in these worlds, 9,000 of
 * them did not show it; `src/guard/feed-session.test.ts` tries that rule by itself.
 */
import type { Variant } from './simulate.ts'
import { lockedUntilSeconds } from './world.ts'

/** Where the search begins, for what few worlds show. Default: 1. */
export const firstSeeds: Readonly<Record<string, number>> = {
  'R1: the node does not allow for clocks that run at different rates': 671,
  'R1: the node counts from before the ping was received': 30,
  'R5: the mark of a snapshot is read when it is complete': 63,
  'G3: the guard does not notice lost or swapped frames': 254,
  'G6: a batch is acknowledged before every guard of the process was told': 101,
}

export const brokenVariants: Readonly<Record<string, Variant>> = {
  'R1: the node does not allow for clocks that run at different rates': {
    hubRules: { leaseEndsMs: (pingReceivedMs, leaseMs) => pingReceivedMs + leaseMs },
    nodes: 1,
  },
  'R1: the node counts from before the ping was received': {
    hubRules: { leaseEndsMs: (pingReceivedMs, leaseMs) => pingReceivedMs - 200 + leaseMs },
    nodes: 1,
  },
  'R2: a guard that disconnected is not waited for': {
    hubRules: { waitsForDisconnected: false },
    nodes: 1,
  },
  'R3: a lease is granted to a guard that lags behind': {
    hubRules: { flushesBeforePong: false },
    nodes: 1,
  },
  'R4: what was sent counts as applied': {
    hubRules: { waitsForAcknowledgement: false },
    nodes: 1,
  },
  'R5: the mark of a snapshot is read when it is complete': {
    hubRules: { marksSnapshotBefore: false },
    nodes: 1,
    ballast: 400,
  },
  'a restarted node forgets that its predecessor granted leases': {
    predecessorLeaseMs: 0,
    nodes: 1,
  },
  'a node does not read whose tokens an entry ends': {
    misread: (entry) => ({ ...entry, issuer: '', cutoffSeconds: 0 }),
  },
  'a cut-off leaves the tokens of its own second': {
    misread: (entry) =>
      entry.cutoffSeconds === 0 ? entry : { ...entry, cutoffSeconds: entry.cutoffSeconds - 1 },
  },
  'a lock is taken for an end of what was issued before': {
    misread: (entry) =>
      entry.cutoffSeconds === lockedUntilSeconds
        ? { ...entry, cutoffSeconds: entry.atMs / 1000 + 1 }
        : entry,
  },
  'G1: the guard counts its lease from the pong': { guardRules: { countsFromPing: false } },
  'G2: the guard trusts its monotonic clock alone': { guardRules: { readsBothClocks: false } },
  'G3: the guard does not notice lost or swapped frames': { guardRules: { checksMarks: false } },
  'G4: the guard looks at its lease before it verifies': { guardRules: { judgesLast: false } },
}

/** These do not make any verifier accept, but leave something open for what has ended. */
export const lingeringVariants: Readonly<Record<string, Variant>> = {
  'G6: a batch is acknowledged before every guard of the process was told': {
    guardRules: { tellsAllFirst: false },
    paired: true,
  },
}
