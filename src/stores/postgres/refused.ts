/** What the database's refusal of a batch means for the commands in it. */
import type { Failure } from '../../domain/failure.ts'
import { constraintOf, isRetryable } from './connection.ts'
import { reasonOf, sqlState } from './reasons.ts'
import { ONE_SIGNS } from './keys.ts'

/**
 * A row that another node added meanwhile is seen by the next attempt, which then answers instead
 * of adding. Alone, only revocations and the one key that signs are decided that way.
 */
export function mayPass(error: unknown, alone: boolean): boolean {
  const constraint = constraintOf(error) ?? ''
  return !alone || constraint === ONE_SIGNS || constraint.startsWith('log_')
}

/** Rights that are missing, and a pooler that mixes prepared statements up. */
const OF_THE_SERVER: ReadonlySet<string> = new Set(['42501', '42P05'])

export function failureOf(error: unknown): Failure {
  const state = sqlState(error) ?? ''
  if (state === '23505') return { kind: 'conflict', reason: 'the name is taken' }
  // A number that is out of range, a name that is too long for an index.
  if (/^(22|54)/.test(state)) {
    return { kind: 'invalid_parameter', parameter: 'value', reason: reasonOf(error) }
  }
  // What is left of these is a mistake of ours; anything else is the state that the server is in.
  if (!isRetryable(error) && /^(23|42|P0)/.test(state) && !OF_THE_SERVER.has(state)) {
    return { kind: 'internal', reason: reasonOf(error) }
  }
  return { kind: 'store_unavailable', reason: reasonOf(error) }
}
