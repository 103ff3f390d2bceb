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
