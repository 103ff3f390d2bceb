import { Refusal, type FailureKind } from '../../../src/domain/failure.ts'

/** Why it was refused; undefined where it was not. */
export async function refusalOf(attempt: Promise<unknown>): Promise<FailureKind | undefined> {
  try {
    await attempt
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error.failure.kind
    throw error
  }
}
