import { ApiError } from '../client/index.ts'

/** How a command ends. Scripts rely on these numbers; `docs/cli.md` lists them. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  /** Stored, so it will take effect, but not every verifier has said so. */
  unconfirmed: 5,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Ends a command with a code and, on standard error, a reason. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: ExitCode

  /** @param message No capital at the start, no full stop. */
  constructor(code: ExitCode, message: string) {
    super(message)
    this.code = code
  }
}

/** An answer of the server, where 404 ends the command with a reason of its own. */
export async function orNotFound<T>(answer: Promise<T>, reason: string): Promise<T> {
  return answer.catch((error: unknown) => {
    if (!(error instanceof ApiError && error.status === 404)) throw error
    throw new CliError(exitCodes.notFound, reason)
  })
}
