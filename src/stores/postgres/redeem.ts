/**
 * Opening or joining a session for a ticket that is used up by it. Two that redeem one ticket need
 * an order: the first statement locks the tickets' rows; those behind it have snapshots that were
 * taken behind the lock and see who was first.
 */
import type { RedeemCommand, RedeemToJoin, RedeemToOpen } from '../../ports/store.ts'
import type { Answer } from '../commands.ts'
import type { Connection, Statement } from './connection.ts'
import { joinParameters, joinStatement, toJoinAnswer, type JoinRow } from './session-joins.ts'
import {
  exists,
  openParameters,
  openStatement,
  toOpenAnswer,
  type OpenRow,
  type Uses,
} from './sessions.ts'

const lock: Statement = {
  name: 'tickets_lock',
  text: `SELECT 1 FROM tickets t JOIN unnest($1::text[], $2::text[]) AS g(kind, key)
    ON t.kind = g.kind AND t.key = g.key ORDER BY t.kind, t.key FOR UPDATE OF t`,
}

/** @param first The number of the first parameter behind those of the session. */
function usesTicket(first: number, success: 'opened' | 'joined'): Uses {
  return {
    given: [first, first + 1, first + 2].map((number) => `, $${String(number)}::text[]`).join(''),
    columns: ', ticket_kind, ticket_key, ticket_value',
    not: `WHEN NOT ${exists(`tickets x
    WHERE x.kind = g.ticket_kind AND x.key = g.ticket_key AND x.attempts = 0`)} THEN 'used'`,
    also: `, used AS (
      UPDATE tickets t SET value = j.ticket_value, attempts = 1
      FROM judged j
      WHERE j.outcome = '${success}' AND t.kind = j.ticket_kind AND t.key = j.ticket_key
    )`,
  }
}

const redeemToOpen = openStatement('sessions_redeem', usesTicket(13, 'opened'))
const redeemToJoin = joinStatement('sessions_redeem_join', usesTicket(14, 'joined'))

type Used<Row extends { readonly outcome: string }> = Omit<Row, 'outcome'> & {
  readonly outcome: Row['outcome'] | 'used'
}

/** One answer for each, in their order. No two are of one ticket: see `admission.ts`. */
export async function runRedeem(
  connection: Connection,
  commands: readonly RedeemCommand[],
): Promise<readonly Answer[]> {
  const [kinds, keys] = ticketColumns(commands)
  const opens = commands.filter((command): command is RedeemToOpen => !('join' in command))
  const joins = commands.filter((command) => 'join' in command)
  const [, opened, joined] = await Promise.all([
    connection.run(lock, [kinds, keys]),
    opens.length > 0 ? runOpens(connection, opens) : [],
    joins.length > 0 ? runJoins(connection, joins) : [],
  ])
  const [nextOpened, nextJoined] = [opened.values(), joined.values()]
  return commands.map((command) => ('join' in command ? nextJoined : nextOpened).next().value!)
}

async function runOpens(
  connection: Connection,
  commands: readonly RedeemToOpen[],
): Promise<readonly Answer[]> {
  const sessions = commands.map(({ session }) => session)
  const parameters = [...openParameters(sessions), ...ticketColumns(commands)]
  const rows = await connection.run<Used<OpenRow>>(redeemToOpen, parameters)
  return rows.map(({ outcome, ...row }, index): Answer => {
    if (outcome === 'used') return used
    const answer = toOpenAnswer({ ...row, outcome }, sessions[index]!)
    if ('failure' in answer) return answer
    return { value: { kind: 'redeemed', session: answer.value } }
  })
}

async function runJoins(
  connection: Connection,
  commands: readonly RedeemToJoin[],
): Promise<readonly Answer[]> {
  const joins = commands.map(({ join }) => join)
  const parameters = [...joinParameters(joins), ...ticketColumns(commands)]
  const rows = await connection.run<Used<JoinRow>>(redeemToJoin, parameters)
  return rows.map(({ outcome, ...row }, index): Answer => {
    if (outcome === 'used') return used
    const answer = toJoinAnswer({ ...row, outcome }, joins[index]!)
    if ('failure' in answer) return answer
    const { value: session } = answer
    return { value: session === undefined ? { kind: 'ended' } : { kind: 'redeemed', session } }
  })
}

const used: Answer = { value: { kind: 'used' } }

function ticketColumns(
  commands: readonly RedeemCommand[],
): readonly [string[], string[], string[]] {
  const tickets = commands.map(({ ticket }) => ticket)
  return [
    tickets.map(({ kind }) => kind),
    tickets.map(({ key }) => key),
    tickets.map(({ value }) => value),
  ]
}
