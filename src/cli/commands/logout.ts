import { Option, type Command } from 'commander'
import {
  revocationReasons,
  type OutrightClient,
  type RevocationReason,
  type RequestedScope,
  type WireDryRun,
} from '../../client/index.ts'
import { hasOneKey, requestedScopes, scopeRow, type KeyClaim } from '../../domain/scope.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Output } from '../output.ts'
import { reportRevoked } from '../receipt.ts'
import type { Shell } from '../shell.ts'
import type { Terminal } from '../terminal.ts'
import { sessionColumns } from './sessions.ts'

interface LogoutFlags extends Readonly<Record<string, unknown>> {
  readonly reason: RevocationReason
  readonly note?: string
  readonly dryRun?: boolean
  readonly wait: boolean
  readonly yes?: boolean
  readonly unknown?: boolean
}

interface Target {
  readonly scope: RequestedScope
  readonly key?: string
  /** In words: `session 0198…`. */
  readonly words: string
}

/** `outright logout`: the whole program in one command. */
export function addLogout(program: Command, shell: Shell): void {
  const command = program.command('logout')
  for (const { option } of targetOptions) command.addOption(option)
  command
    .summary('end a session, a person’s sessions, a client’s, or everyone’s')
    .description(
      'Ends what it is given and returns when no verifier accepts it any more. Give exactly one of ' +
        `${optionNames.slice(0, -1).join(', ')} and ${optionNames.at(-1) ?? ''}.`,
    )
    .addOption(
      new Option('--reason <reason>', 'why, as it is counted and sent on')
        .choices(revocationReasons)
        .default('revoked_by_operator'),
    )
    .option('--note <text>', 'a note that stays with it, at most 500 characters')
    .option('--dry-run', 'say what would end, and end nothing')
    .option('--no-wait', 'return when it is stored, before it is confirmed')
    .option('--yes', 'do not ask before --everyone')
    .option('--unknown', 'also what the server has never heard of: sessions of other issuers')
    .action(async (flags: LogoutFlags, command: Command) => {
      const target = readTarget(flags)
      const output = shell.output(command)
      const client = await shell.connect(command)
      if (flags.dryRun === true) {
        reportDryRun(output, target, await client.dryRun(target))
        return
      }
      if (hasOneKey(target.scope) && flags.yes !== true) {
        await confirmEveryone(shell.terminal, client)
      }
      const { wait, reason, note } = flags
      const revoked = await client.revoke({
        scope: target.scope,
        ...(target.key === undefined ? {} : { key: target.key }),
        reason,
        ...(note === undefined ? {} : { note }),
        requireKnown: flags.unknown !== true,
        wait,
      })
      reportRevoked(output, target.words, revoked, { waited: wait })
    })
  withExamples(command, [
    'outright logout --session 019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77',
    'outright logout --subject maria --reason compromised --note "laptop stolen"',
    'outright logout --client 42 --dry-run',
    'outright logout --grant baanx-demo-oauth baanx-demo-user',
    'outright logout --everyone --yes',
  ])
}

/** One option for each scope that can be named. */
const targetOptions = requestedScopes.map((scope) => {
  const { option, words } = scopeRow(scope)
  return { scope, option: new Option(option, words) }
})
const optionNames = targetOptions.map(({ option }) => String(option.long))

function readTarget(flags: LogoutFlags): Target {
  const targets = targetOptions.flatMap(({ scope, option }) => {
    const value = flags[option.attributeName()]
    return value === undefined ? [] : [targetOf(scope, value)]
  })
  const [target, ...others] = targets
  if (target === undefined || others.length > 0) {
    throw new CliError(exitCodes.usage, `give exactly one of ${optionNames.join(', ')}`)
  }
  return target
}

const idNames: Readonly<Record<KeyClaim, string>> = {
  jti: 'a token id',
  sid: 'a session id',
  sub: 'a subject id',
  client_id: 'a client id',
  device_id: 'a device key',
  kid: 'a key id',
}

function targetOf(scope: RequestedScope, value: unknown): Target {
  if (hasOneKey(scope)) return { scope, words: `${scope}’s sessions` }
  if (typeof value === 'string') return { scope, key: value, words: `${scope} ${value}` }
  const { key: claims } = scopeRow(scope)
  const parts = value as readonly string[]
  if (parts.length !== claims.length) {
    throw new CliError(
      exitCodes.usage,
      `--${scope} takes ${claims.map((claim) => idNames[claim]).join(' and ')}`,
    )
  }
  return { scope, key: parts.join(' '), words: `${scope} ${parts.join(' ')}` }
}

/** @throws {CliError} `notFound` where nothing would end. */
function reportDryRun(output: Output, { words }: Target, found: WireDryRun): void {
  if (output.json) {
    output.result('', found)
  } else {
    output.result(`${describeSessions(found.sessions)} would end with ${words}`, found)
    if (found.sample.length > 0) output.table(found.sample, sessionColumns, '')
    const rest = found.sessions - found.sample.length
    if (found.sample.length > 0 && rest > 0) output.note(`and ${String(rest)} more`)
  }
  if (!found.known) {
    throw new CliError(exitCodes.notFound, `the server knows no ${words}`)
  }
}

function describeSessions(count: number): string {
  return count === 1 ? '1 live session' : `${String(count)} live sessions`
}

async function confirmEveryone(terminal: Terminal, client: OutrightClient): Promise<void> {
  if (!terminal.isInteractive.stdin) {
    throw new CliError(
      exitCodes.usage,
      'standard input is not a terminal to ask at: --everyone needs --yes',
    )
  }
  const { sessions } = await client.dryRun({ scope: 'everyone' })
  const answer = await terminal.ask(
    `outright: this ends ${describeSessions(sessions)}, everyone’s; type "everyone" to go on: `,
  )
  if (answer.trim() !== 'everyone') throw new CliError(exitCodes.failed, 'nothing was ended')
}
