import { Refusal } from '../domain/failure.ts'

/** Why something failed, for the operator's log. */
export function reasonOf(error: unknown): string {
  if (error instanceof Refusal && 'reason' in error.failure) return error.failure.reason
  return error instanceof Error ? error.message : 'unknown'
}
