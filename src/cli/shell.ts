/** What every command has at hand: the terminal, the global options, and the server behind them. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { createClient, type OutrightClient } from '../client/index.ts'
import { systemReason } from '../domain/system-error.ts'
import { CliError, exitCodes } from './exit.ts'
import { createOutput, type Output } from './output.ts'
import type { Terminal } from './terminal.ts'

export const DEFAULT_SERVER = 'http://127.0.0.1:8080'

interface GlobalOptions {
  readonly server?: string
  readonly tokenFile?: string
  readonly json?: boolean
  readonly color?: boolean
}

export interface Shell {
  readonly terminal: Terminal
  output(command: Command): Output
  /** Where the server is. */
  server(command: Command): string
  /** @throws {CliError} `usage` where there is no token or the address cannot be used. */
  connect(command: Command): Promise<OutrightClient>
}

export function createShell(terminal: Terminal): Shell {
  const server = (command: Command): string =>
    command.optsWithGlobals<GlobalOptions>().server ??
    (terminal.env['OUTRIGHT_URL'] || DEFAULT_SERVER)
  return {
    terminal,
    server,
    output(command) {
      const { json = false, color = true } = command.optsWithGlobals<GlobalOptions>()
      return createOutput(terminal, { json, color })
    },
    async connect(command) {
      const { tokenFile } = command.optsWithGlobals<GlobalOptions>()
      const token = await readToken(terminal, tokenFile)
      try {
        return createClient({ server: server(command), token })
      } catch (error) {
        throw new CliError(exitCodes.usage, (error as Error).message)
      }
    },
  }
}

/** Never from the arguments, which every user of the machine can read. */
async function readToken(terminal: Terminal, file: string | undefined): Promise<string> {
  if (file === undefined) {
    const token = (terminal.env['OUTRIGHT_ADMIN_TOKEN'] ?? '').trim()
    if (token !== '') return checkToken(token, 'OUTRIGHT_ADMIN_TOKEN')
    throw new CliError(
      exitCodes.usage,
      'there is no admin token: set OUTRIGHT_ADMIN_TOKEN or give --token-file',
    )
  }
  let content: string
  try {
    content = await readFile(file, 'utf8')
  } catch (error) {
    const reason = systemReason(error) ?? 'unknown'
    throw new CliError(exitCodes.usage, `cannot read token file ${file}: ${reason}`)
  }
  return checkToken(content.trim(), `token file ${file}`)
}

/** What cannot stand in a header is said here: `fetch` would quote it in its message. */
function checkToken(token: string, where: string): string {
  if (/^[\x21-\x7E]+$/.test(token)) return token
  throw new CliError(exitCodes.usage, `the admin token in ${where} is empty or contains spaces`)
}
