/** Logins at other issuers: see `ports/foreign-session.ts`. */
import type { ForeignSessionStore, KeepForeignSessions } from '../../ports/foreign-session.ts'
import {
  foreignSessionColumns,
  foreignSessionQuery,
  foreignSessionValues,
  keepLater,
  toForeignSessionPage,
  type ForeignSessionRow,
} from '../foreign-sessions.ts'
import type { Statement } from './connection.ts'
import type { Link } from './link.ts'

/** @param own Where they are kept: no logout waits for that. */
export function foreignSessionStore({
  own,
  long,
}: Readonly<Record<'own' | 'long', Link>>): ForeignSessionStore {
  return {
    keepForeignSessions: (command) => keepForeignSessions(own, command),
    async listForeignSessions(filter, page) {
      const query = foreignSessionQuery(filter, page, (number) => `$${String(number)}`)
      const asked = Object.keys(filter).toSorted().join('_')
      const name = `foreign_sessions_list_${asked}${page.cursor === undefined ? '' : '_after'}`
      const rows = await long.run<ForeignSessionRow>({ name, text: query.text }, query.values)
      return toForeignSessionPage(rows, page.limit)
    },
  }
}

// In the order of their names, so that nodes that keep the same ones at once wait for each other in
// one order.
const keep: Statement = {
  name: 'foreign_sessions_keep',
  text: `INSERT INTO foreign_sessions AS f (${foreignSessionColumns})
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[],
      $7::bigint[], $8::bigint[]) AS u (${foreignSessionColumns})
    ORDER BY u.issuer, u.subject, u.session, u.client
    ON CONFLICT (issuer, subject, session, client) DO UPDATE SET ${keepLater('greatest')}`,
}

// Nodes that make room at once skip each other's rows instead of waiting for them.
const makeRoom: Statement = {
  name: 'foreign_sessions_room',
  text: `DELETE FROM foreign_sessions WHERE (issuer, subject, session, client) IN (
      SELECT issuer, subject, session, client FROM foreign_sessions ORDER BY expires_at_ms
      LIMIT greatest(0, (SELECT count(*) FROM foreign_sessions) - $1::bigint)
      FOR UPDATE SKIP LOCKED)`,
}

async function keepForeignSessions(
  link: Link,
  { sessions, maxKept }: KeepForeignSessions,
): Promise<void> {
  const rows = sessions.map(foreignSessionValues)
  if (rows.length > 0) {
    const columns = foreignSessionColumns.split(', ')
    await link.run(
      keep,
      columns.map((_, index) => rows.map((row) => row[index])),
    )
  }
  await link.run(makeRoom, [maxKept])
}
