/** Which sessions a search finds, and how far it looks: the SQL that both stores share. */
import type { SessionFilter } from '../ports/store.ts'

/** What the stores write differently. */
export interface SearchForms {
  /** The address in the attributes of a row. */
  readonly addressOf: (row: string) => string
  /** True for a row that has ended. */
  readonly isRevoked: (row: string) => string
  /** True where there is such a row. */
  readonly exists: (rows: string) => string
  /** Where the statement has the value of a name, the `at`-th of those that are asked for. */
  readonly placeOf: (name: keyof SessionFilter, at: number) => string
}

/** The conditions that one row must meet: on a row of any name, with the place of the value. */
const conditionOf: Readonly<
  Record<keyof SessionFilter, (row: string, value: string, forms: SearchForms) => string>
> = {
  sid: (row, value) => `${row}.sid = ${value}`,
  subjectId: (row, value) => `${row}.subject_id = ${value}`,
  clientId: (row, value) => `${row}.client_id = ${value}`,
  deviceKey: (row, value) => `${row}.device_key = ${value}`,
  dialect: (row, value) => `${row}.dialect = ${value}`,
  address: (row, value, { addressOf }) => `${addressOf(row)} = ${value}`,
  openedFromMs: (row, value) => `${row}.created_at_ms >= ${value}`,
  openedUntilMs: (row, value) => `${row}.created_at_ms <= ${value}`,
  liveAtMs: (row, value, { isRevoked }) =>
    `${row}.expires_at_ms >= ${value} AND NOT ${isRevoked(row)}`,
}

const names = Object.keys(conditionOf) as (keyof SessionFilter)[]

export interface SearchConditions {
  /** Of a row `s` that is the first of its session among those that are found. */
  readonly where: string
  /** Of a row `s` by itself, whichever of its session it is. */
  readonly ofRow: string
  /** What is asked for, in the same order for the same names. */
  readonly wanted: readonly (keyof SessionFilter)[]
}

/** @param without A name that is not asked of `s`: the statement says it in another way. */
export function searchConditions(
  filter: SessionFilter,
  forms: SearchForms,
  without?: keyof SessionFilter,
): SearchConditions {
  const wanted = names.filter((name) => filter[name] !== undefined)
  const conditionsOn = (row: string, left?: keyof SessionFilter): string => {
    const conditions = wanted.map((name, at) =>
      name === left ? 'true' : conditionOf[name](row, forms.placeOf(name, at), forms),
    )
    return ['true', ...conditions].join(' AND ')
  }
  const ofRow = conditionsOn('s', without)
  return { where: `WHERE ${ofRow} AND ${isFirst(conditionsOn('q'), forms)}`, ofRow, wanted }
}

/**
 * True for a row `s` that is the first of its session among those that the conditions find. The
 * client that opened a session comes first, so there is no earlier one to look for.
 *
 * @param conditions On a row `q`.
 */
export function isFirst(conditions: string, { exists }: Pick<SearchForms, 'exists'>): string {
  return `(s.participant_id = '' OR NOT ${exists(`sessions q WHERE q.sid = s.sid
    AND q.participant_id < s.participant_id AND ${conditions}`)})`
}

/** Names by which sessions are found, each with an index: that which finds the fewest comes first. */
const narrowestFirst = ['sid', 'subjectId', 'deviceKey', 'address', 'clientId', 'dialect'] as const

export function narrowestOf(filter: SessionFilter): (typeof narrowestFirst)[number] | undefined {
  return narrowestFirst.find((name) => filter[name] !== undefined)
}

/** What of a filter an index finds by itself: such rows are looked at, and counted for the bound. */
export function indexedOf(filter: SessionFilter): SessionFilter {
  const names = [narrowestOf(filter), 'openedFromMs', 'openedUntilMs']
  return Object.fromEntries(Object.entries(filter).filter(([name]) => names.includes(name)))
}

/** Rows at an end of the table that are tried before an index is read from a moment to its end. */
const TRIED_FIRST = 1000

/**
 * Lists are read in the order of the numbers. So a time is also said as a bound of them, which an
 * index finds: without it everything that is newer would be read and thrown away. Mostly the bound
 * lies near the end where it is looked for ("up to now"), and is found by a look at that. The sign
 * keeps the numbers from being walked for it, from the other end.
 */
export const numberBounds: {
  readonly [N in 'openedFromMs' | 'openedUntilMs']: (value: string) => string
} = {
  openedFromMs: (value: string) => `SELECT coalesce((${atAnEnd('ASC', '>=', value)}),
    (SELECT min(+number) FROM sessions WHERE created_at_ms >= ${value})) - 1 AS bound`,
  openedUntilMs: (value: string) => `SELECT coalesce((${atAnEnd('DESC', '<=', value)}),
    (SELECT max(+number) FROM sessions WHERE created_at_ms <= ${value})) + 1 AS bound`,
}

function atAnEnd(order: 'ASC' | 'DESC', is: '>=' | '<=', value: string): string {
  return `SELECT e.number FROM (SELECT number, created_at_ms FROM sessions
      ORDER BY number ${order} LIMIT ${String(TRIED_FIRST)}) AS e
    WHERE e.created_at_ms ${is} ${value} ORDER BY e.number ${order} LIMIT 1`
}

/** Before the first row of a list, and behind the last. */
export const FIRST: number = Number.MAX_SAFE_INTEGER
export const LAST = -1

/** The rows that a search looks at. */
export interface LookedAt {
  /** Numbers below this one, */
  readonly before: number
  /** and above this one. */
  readonly above: number
  /** The first row that it may not look at; undefined where it looks at all there are. */
  readonly floor: number | undefined
}
