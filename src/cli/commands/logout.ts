import { Option, type Command } from 'commander'
import {
  revocationReasons,
  type OutrightClient,
  type RevocationReason,
  type RequestedScope,
  type WireDryRun,
} from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Output } from '../output.ts'
import { reportRevoked } from '../receipt.ts'
import type { Shell } from '../shell.ts'
import type { Terminal } from '../terminal.ts'
import { sessionColumns } from './sessions.ts'

interface LogoutFlags {
  readonly session?: string
  readonly subject?: string
  readonly client?: string
  readonly device?: string
  readonly grant?: readonly string[]
  readonly tokenId?: string
  readonly everyone?: boolean
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
  const command = program
    .command('logout')
    .summary('end a session, a person’s sessions, a client’s, or everyone’s')
    .description(
      'Ends what it is given and returns when no verifier accepts it any more. Give exactly one of ' +
        '--session, --subject, --client, --device, --grant, --token-id and --everyone.',
    )
    .option('--session <sid>', 'one session')
    .option('--subject <id>', 'all sessions of one person')
    .option('--client <id>', 'all sessions of one client')
    .option('--device <key>', 'all sessions of one device')
    .option('--grant <id...>', 'a client’s sessions with one person: client id, then subject id')
    .option('--token-id <jti>', 'one access token')
    .option('--everyone', 'every session there is')
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
      if (target.scope === 'everyone' && flags.yes !== true) {
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

function readTarget(flags: LogoutFlags): Target {
  const { session, subject, client, device, grant, tokenId, everyone } = flags
  const targets: Target[] = []
  const add = (scope: RequestedScope, key: string | undefined): void => {
    if (key !== undefined) targets.push({ scope, key, words: `${scope} ${key}` })
  }
  add('session', session)
  add('subject', subject)
  add('client', client)
  add('device', device)
  add('token', tokenId)
  if (grant !== undefined) {
    if (grant.length !== 2) {
      throw new CliError(exitCodes.usage, '--grant takes a client id and a subject id')
    }
    add('grant', grant.join(' '))
  }
  if (everyone === true) targets.push({ scope: 'everyone', words: 'everyone’s sessions' })
  const [target, ...others] = targets
  if (target === undefined || others.length > 0) {
    throw new CliError(
      exitCodes.usage,
      'give exactly one of --session, --subject, --client, --device, --grant, --token-id, --everyone',
    )
  }
  return target
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
