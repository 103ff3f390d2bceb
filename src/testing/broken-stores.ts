/**
 * Stores that are broken on purpose, to try the checks of `stores/contract.ts`: each makes one
 * plausible mistake, and names the check that must find it.
 */
import type { BrokenStore } from './broken-stores/broken-store.ts'
import { brokenHorizons } from './broken-stores/access-horizon.ts'
import { brokenCuts } from './broken-stores/cuts.ts'
import { brokenDirectory } from './broken-stores/directory.ts'
import { brokenForeign } from './broken-stores/foreign.ts'
import { brokenForeignSessions } from './broken-stores/foreign-sessions.ts'
import { brokenPlans, brokenSending } from './broken-stores/deliveries.ts'
import { brokenOperators } from './broken-stores/operators.ts'
import { brokenParticipants } from './broken-stores/participants.ts'
import { brokenReceivers } from './broken-stores/receivers.ts'
import { brokenRecords } from './broken-stores/records.ts'
import { brokenFollowing, brokenRevocations } from './broken-stores/revocations.ts'
import { brokenRotations, brokenSessions } from './broken-stores/sessions.ts'

export type { BrokenStore } from './broken-stores/broken-store.ts'

export const brokenStores: readonly BrokenStore[] = [
  ...brokenRevocations,
  ...brokenFollowing,
  ...brokenForeign,
  ...brokenForeignSessions,
  ...brokenCuts,
  ...brokenSessions,
  ...brokenRotations,
  ...brokenParticipants,
  ...brokenHorizons,
  ...brokenRecords,
  ...brokenPlans,
  ...brokenSending,
  ...brokenReceivers,
  ...brokenOperators,
  ...brokenDirectory,
]
