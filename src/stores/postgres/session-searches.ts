/** Searches of sessions as PostgreSQL is asked for them: their conditions, range and order. */
import type { SessionFilter } from '../../ports/store.ts'
import {
  narrowestOf,
  searchConditions,
  type SearchConditions,
  type SearchForms,
} from '../session-searches.ts'
import { addressOf } from './schema/addresses.ts'
import { exists, isRevoked } from './sessions.ts'

const forms: SearchForms = {
  addressOf,
  isRevoked,
  exists,
  placeOf: (_name, at) => `$${String(at + 1)}`,
}

export interface Conditions extends SearchConditions {
  readonly values: readonly unknown[]
  /** The same conditions have the same name. */
  readonly name: string
}

export function conditionsOf(filter: SessionFilter, without?: keyof SessionFilter): Conditions {
  const conditions = searchConditions(filter, forms, without)
  const { wanted } = conditions
  return {
    ...conditions,
    values: wanted.map((name) => filter[name]),
    // The server cuts names at 63 bytes.
    name: wanted.map((name) => shortNames[name]).join('_'),
  }
}

/** Names with an index that has a list's rows together and in its order: (column, number). */
const listColumns: Readonly<Partial<Record<keyof SessionFilter, string>>> = {
  subjectId: 's.subject_id',
  clientId: 's.client_id',
  dialect: 's.dialect',
  address: addressOf('s'),
}

export interface List extends Conditions {
  /** The number of the parameter behind those of the conditions. */
  readonly place: (index: number) => string
  /** Holds for numbers below the first parameter behind the conditions, and above the second. */
  readonly inRange: string
  readonly newestFirst: string
}

/**
 * A search in the order of lists, so written that only the index of its narrowest name has the rows
 * in that order. With `address = $1` and the order of the numbers alone, the index of the numbers
 * has it as well, and PostgreSQL takes that for quicker where statistics say that an address is
 * common: it would read the table from its end, seconds for an address that is common among the
 * oldest of a million sessions. A comparison of rows has one value of the name and both bounds.
 */
export function listOf(filter: SessionFilter): List {
  const narrowest = narrowestOf(filter)
  const column = narrowest && listColumns[narrowest]
  const conditions = conditionsOf(filter, column === undefined ? undefined : narrowest)
  const { values, wanted } = conditions
  const place = (index: number): string => `$${String(values.length + index)}`
  if (narrowest === undefined || column === undefined) {
    const inRange = `s.number < ${place(1)} AND s.number > ${place(2)}`
    return { ...conditions, place, inRange, newestFirst: 'ORDER BY s.number DESC' }
  }
  const value = forms.placeOf(narrowest, wanted.indexOf(narrowest))
  const inRange = `(${column}, s.number) < (${value}, ${place(1)})
    AND (${column}, s.number) > (${value}, ${place(2)})`
  return { ...conditions, place, inRange, newestFirst: `ORDER BY ${column} DESC, s.number DESC` }
}

export const shortNames: Readonly<Record<keyof SessionFilter, string>> = {
  sid: 'sid',
  subjectId: 'sub',
  clientId: 'cli',
  deviceKey: 'dev',
  dialect: 'dia',
  address: 'adr',
  openedFromMs: 'frm',
  openedUntilMs: 'til',
  liveAtMs: 'liv',
}
