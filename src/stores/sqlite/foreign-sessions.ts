/** Logins at other issuers: see `ports/foreign-session.ts`. */
import type { DatabaseSync } from 'node:sqlite'
import type { FileCommands, LongQueries } from '../commands.ts'
import {
  foreignSessionColumns,
  foreignSessionQuery,
  foreignSessionValues,
  keepLater,
  toForeignSessionPage,
  type ForeignSessionRow,
} from '../foreign-sessions.ts'
import { shaped } from './rows.ts'

export function foreignSessionWriter(
  database: DatabaseSync,
): Pick<FileCommands, 'keepForeignSessions'> {
  const keep = database.prepare(
    `INSERT INTO foreign_sessions AS f (${foreignSessionColumns})
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (issuer, subject, session, client) DO UPDATE SET ${keepLater('max')}`,
  )
  const makeRoom = database.prepare(
    `DELETE FROM foreign_sessions WHERE (issuer, subject, session, client) IN (
       SELECT issuer, subject, session, client FROM foreign_sessions ORDER BY expires_at_ms
       LIMIT max(0, (SELECT count(*) FROM foreign_sessions) - ?))`,
  )
  return {
    keepForeignSessions({ sessions, maxKept }) {
      for (const session of sessions) keep.run(...foreignSessionValues(session))
      makeRoom.run(maxKept)
    },
  }
}

export function foreignSessionReader(
  database: DatabaseSync,
): Pick<LongQueries, 'listForeignSessions'> {
  return {
    listForeignSessions(filter, page) {
      const { text, values } = foreignSessionQuery(filter, page, () => '?')
      const rows = shaped<ForeignSessionRow[]>(database.prepare(text).all(...values))
      return toForeignSessionPage(rows, page.limit)
    },
  }
}
