/** Passwords come from a prompt or from standard input, never from the arguments. */
import { CliError, exitCodes } from './exit.ts'
import type { Terminal } from './terminal.ts'

/** The first line of standard input. */
export async function readSecretLine(terminal: Terminal, what: string): Promise<string> {
  const [line = ''] = (await terminal.readInput()).split(/\r?\n/, 1)
  if (line === '') throw new CliError(exitCodes.usage, `standard input has no ${what}`)
  return line
}

/** Asks twice, so that a typing error does not lock a person out. */
export async function askNewPassword(terminal: Terminal, alternatives: string): Promise<string> {
  if (!terminal.isInteractive.stdin) {
    throw new CliError(
      exitCodes.usage,
      `standard input is not a terminal to ask for a password at: use ${alternatives}`,
    )
  }
  const password = await terminal.ask('new password: ', { secret: true })
  if (password === '') throw new CliError(exitCodes.usage, 'the password is empty')
  const again = await terminal.ask('once more: ', { secret: true })
  if (again !== password) throw new CliError(exitCodes.usage, 'the two passwords differ')
  return password
}
