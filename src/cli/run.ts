/** Runs one command line and turns whatever happens into an exit code and a line. */
import { CommanderError } from 'commander'
import { ApiError, ConnectionError } from '../client/index.ts'
import { CliError, exitCodes, type ExitCode } from './exit.ts'
import { printable } from './output.ts'
import { buildProgram } from './program.ts'
import { createShell } from './shell.ts'
import type { Terminal } from './terminal.ts'
import { describeUnreachable } from './unreachable.ts'

/**
 * Runs a command.
 *
 * @param args What stands behind `outright`.
 * @returns The exit code. Everything that can fail has been said on standard error.
 */
export async function run(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const program = buildProgram(createShell(terminal))
  try {
    if (args.length === 0) {
      program.outputHelp()
      return exitCodes.done
    }
    await program.parseAsync([...args], { from: 'user' })
    return exitCodes.done
  } catch (error) {
    // Commander has printed its own: help, the version, or what was wrong with the arguments.
    if (error instanceof CommanderError) {
      return error.exitCode === 0 ? exitCodes.done : exitCodes.usage
    }
    const { code, message } = explain(error)
    // Settings that cannot be used are told a line each.
    const lines = message.split('\n').map(printable)
    terminal.err(`outright: ${lowerFirst(lines.join('\n'))}\n`)
    return code
  }
}

function explain(error: unknown): { readonly code: ExitCode; readonly message: string } {
  if (error instanceof CliError) return error
  if (error instanceof ConnectionError) {
    const message = `${describeUnreachable(error)} (elsewhere: --server or OUTRIGHT_URL)`
    return { code: exitCodes.unreachable, message }
  }
  if (error instanceof ApiError) return { code: codeOf(error.status), message: explainApi(error) }
  const named = error as Partial<Error> & { readonly code?: unknown }
  // Known by name, so that the server is loaded by the one command that runs it.
  if (named.name === 'ConfigError') {
    return { code: exitCodes.usage, message: named.message ?? 'the configuration cannot be used' }
  }
  return { code: exitCodes.failed, message: named.message ?? 'it failed for an unknown reason' }
}

function codeOf(status: number): ExitCode {
  if (status === 404) return exitCodes.notFound
  return status === 400 ? exitCodes.usage : exitCodes.failed
}

function explainApi({ status, problem }: ApiError): string {
  if (status === 401) return 'the server refuses the admin token'
  if (status === 404 && problem.detail === problem.title) {
    return 'the server knows nothing by that name (or is not at the address that --server gives)'
  }
  if (problem.type === 'urn:outright:problem:nothing-matched') {
    return `${problem.detail} (--unknown ends it all the same)`
  }
  return problem.detail
}

/** Messages of the code begin with a capital; a line of a command does not. Names keep theirs. */
function lowerFirst(message: string): string {
  return /^[A-Z][a-z]/.test(message) ? message.charAt(0).toLowerCase() + message.slice(1) : message
}
