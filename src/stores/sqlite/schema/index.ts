/**
 * The schema, as numbered steps that only go forward. A step that was released is never edited: a
 * change is a new step at the end.
 */
import { accessHorizon } from './access-horizon.ts'
import { checkpoints } from './checkpoints.ts'
import { deliveries } from './deliveries.ts'
import { entries } from './entries.ts'
import { first } from './first.ts'
import { foreignSessions } from './foreign-sessions.ts'
import { identities } from './identities.ts'
import { keptDeliveries } from './kept-deliveries.ts'
import { lastSeen } from './last-seen.ts'
import { listOrders } from './list-orders.ts'
import { operators } from './operators.ts'
import { participants } from './participants.ts'
import { passkeyNames } from './passkey-names.ts'
import { receivers } from './receivers.ts'
import { retentionClock } from './retention-clock.ts'
import { searches } from './searches.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'first', sql: first },
  { number: 2, name: 'access horizon', sql: accessHorizon },
  { number: 3, name: 'deliveries', sql: deliveries },
  { number: 4, name: 'entries', sql: entries },
  { number: 5, name: 'checkpoints', sql: checkpoints },
  { number: 6, name: 'participants', sql: participants },
  { number: 7, name: 'foreign sessions', sql: foreignSessions },
  { number: 8, name: 'operators', sql: operators },
  { number: 9, name: 'searches', sql: searches },
  { number: 10, name: 'passkey names', sql: passkeyNames },
  { number: 11, name: 'identities', sql: identities },
  { number: 12, name: 'last seen', sql: lastSeen },
  { number: 13, name: 'kept deliveries', sql: keptDeliveries },
  { number: 14, name: 'list orders', sql: listOrders },
  { number: 15, name: 'retention clock', sql: retentionClock },
  { number: 16, name: 'receivers', sql: receivers },
]
