import { Refusal } from '../domain/failure.ts'

/** Nothing could be stored or read. The reason is for the operator. */
export function unavailable(reason: string): Refusal {
  return new Refusal({ kind: 'store_unavailable', reason })
}
