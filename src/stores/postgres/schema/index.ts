/**
 * The schema, as numbered steps that only go forward. A step that was released is never edited in
 * meaning: a change is a new step at the end.
 *
 * Older nodes go on serving while a newer one brings the schema up to date, so a step only adds:
 * new tables, new columns with defaults, new indexes. It may drop an index, without which older
 * nodes only take longer. What it may not do at once (dropping a column) is two releases apart. A
 * step after which older nodes cannot serve any more says so in `needs`.
 *
 * Where changes of the schema are not atomic, a step may stop half-way and is then run again from
 * its beginning (`migrations.ts`). So each statement makes one thing, which is there or is not; a
 * statement that changes rows has to come to the same when it is run twice. And the name of an
 * index that was dropped is never given again: whoever finds one drops it.
 */
import { accessHorizon } from './access-horizon.ts'
import { addresses, formerAddresses } from './addresses.ts'
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
import { receivers, toldClients } from './receivers.ts'
import { retentionClock } from './retention-clock.ts'
import { searches } from './searches.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  /** Nodes that know fewer steps than this cannot serve once this step is done. */
  readonly needs: number
  /** Statements, each ended by a semicolon; there is no other semicolon in them. */
  readonly sql: string
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'first', needs: 1, sql: first },
  { number: 2, name: 'access horizon', needs: 2, sql: accessHorizon },
  { number: 3, name: 'deliveries', needs: 1, sql: deliveries },
  { number: 4, name: 'entries', needs: 4, sql: entries },
  { number: 5, name: 'checkpoints', needs: 5, sql: checkpoints },
  { number: 6, name: 'participants', needs: 6, sql: participants },
  { number: 7, name: 'foreign sessions', needs: 1, sql: foreignSessions },
  { number: 8, name: 'operators', needs: 1, sql: operators },
  { number: 9, name: 'searches', needs: 1, sql: searches },
  { number: 10, name: 'passkey names', needs: 1, sql: passkeyNames },
  { number: 11, name: 'identities', needs: 1, sql: identities },
  { number: 12, name: 'last seen', needs: 1, sql: lastSeen },
  { number: 13, name: 'kept deliveries', needs: 1, sql: keptDeliveries },
  { number: 14, name: 'list orders', needs: 1, sql: listOrders },
  { number: 15, name: 'retention clock', needs: 1, sql: retentionClock },
  { number: 16, name: 'addresses', needs: 1, sql: addresses },
  { number: 17, name: 'former addresses', needs: 1, sql: formerAddresses },
  { number: 18, name: 'receivers', needs: 1, sql: receivers },
  { number: 19, name: 'told clients', needs: 1, sql: toldClients },
]
