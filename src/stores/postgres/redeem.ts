/**
 * Opening a session for a ticket that is used up by it. Two that redeem one ticket need an order:
 * the first statement locks the tickets' rows; the second has a snapshot that was taken behind the
 * lock and sees who was first.
 */
import type { RedeemCommand } from '../../ports/store.ts'
import type { Answer } from '../commands.ts'
import type { Connection, Statement } from './connection.ts'
import { exists, openParameters, openStatement, toOpenAnswer, type OpenRow } from './sessions.ts'

const lock: Statement = {
  name: 'tickets_lock',
  text: `SELECT 1 FROM tickets t JOIN unnest($1::text[], $2::text[]) AS g(kind, key)
    ON t.kind = g.kind AND t.key = g.key ORDER BY t.kind, t.key FOR UPDATE OF t`,
}

const redeem = openStatement('sessions_redeem', {
  given: ', $13::text[], $14::text[], $15::text[]',
  columns: ', ticket_kind, ticket_key, ticket_value',
  not: `WHEN NOT ${exists(`tickets x
    WHERE x.kind = g.ticket_kind AND x.key = g.ticket_key AND x.attempts = 0`)} THEN 'used'`,
  also: `, used AS (
      UPDATE tickets t SET value = j.ticket_value, attempts = 1
      FROM judged j
      WHERE j.outcome = 'opened' AND t.kind = j.ticket_kind AND t.key = j.ticket_key
    )`,
})

type RedeemRow = Omit<OpenRow, 'outcome'> & { readonly outcome: OpenRow['outcome'] | 'used' }

/** One answer for each, in their order. No two are of one ticket: see `admission.ts`. */
export async function runRedeem(
  connection: Connection,
  commands: readonly RedeemCommand[],
): Promise<readonly Answer[]> {
  const tickets = commands.map(({ ticket }) => ticket)
  const sessions = commands.map(({ session }) => session)
  const kinds = tickets.map(({ kind }) => kind)
  const keys = tickets.map(({ key }) => key)
  const values = tickets.map(({ value }) => value)
  const parameters = [...openParameters(sessions), kinds, keys, values]
  const [, rows] = await Promise.all([
    connection.run(lock, [kinds, keys]),
    connection.run<RedeemRow>(redeem, parameters),
  ])
  return rows.map(({ outcome, ...row }, index): Answer => {
    if (outcome === 'used') return { value: { kind: 'used' } }
    const answer = toOpenAnswer({ ...row, outcome }, sessions[index]!)
    if ('failure' in answer) return answer
    return { value: { kind: 'opened', session: answer.value } }
  })
}
