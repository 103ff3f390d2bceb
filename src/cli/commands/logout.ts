import { defined } from '../../domain/defined.ts'
import { Option, type Command } from 'commander'
import {
  revocationReasons,
  type OutrightClient,
  type RevocationReason,
  type NamedTarget,
  type RequestedScope,
  type RevocationTarget,
  type WireDryRun,
} from '../../client/index.ts'
import { hasOneKey, requestedScopes, scopeRow, type KeyClaim } from '../../domain/scope.ts'
import { MAX_LOCK_SECONDS } from '../../protocol/admin-requests.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Output } from '../output.ts'
import { reportRevoked } from '../receipt.ts'
import { readSecretLine } from '../secrets.ts'
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
  readonly issuer?: string
  readonly lock?: string
  readonly tokenStdin?: boolean
}

interface Target {
  readonly named: RevocationTarget
  readonly isEveryone: boolean
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
    .option('--token-stdin', 'one access token, of any issuer, which standard input holds')
    .option('--issuer <name>', 'whose tokens: an identity provider of the configuration')
    .option(
      '--lock <time>',
      'with --issuer: tokens of that name that are issued within this time are refused too; 90s, 15m, 2h or 1d, at most 30d',
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
    .option('--unknown', 'also what the server has never heard of')
    .action(async (flags: LogoutFlags, command: Command) => {
      const target = await readTarget(flags, shell.terminal)
      const output = shell.output(command)
      const client = await shell.connect(command)
      if (flags.dryRun === true) {
        reportDryRun(output, target, await client.dryRun(target.named))
        return
      }
      if (target.isEveryone && flags.yes !== true) {
        await confirmEveryone(shell.terminal, client, flags.issuer)
      }
      const { wait, reason, note } = flags
      const revoked = await client.revoke({
        ...target.named,
        reason,
        ...defined({ note }),
        requireKnown: flags.unknown !== true,
        wait,
      })
      const words = target.words + upTo(revoked.revocation.cutoff)
      reportRevoked(output, words, revoked, { waited: wait })
    })
  withExamples(command, [
    'outright logout --session 019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77',
    'outright logout --subject maria --reason compromised --note "laptop stolen"',
    'outright logout --client 42 --dry-run',
    'outright logout --grant baanx-demo-oauth baanx-demo-user',
    'outright logout --everyone --yes',
    'outright logout --issuer keycloak --subject 8f2d1c9e-0c4b-4a53-9d0e-0c7a6d1f2b34 --dry-run',
    'outright logout --issuer auth0 --subject "auth0|5f7c8ec7" --lock 15m',
    'outright logout --token-stdin --reason compromised < leaked-token.txt',
  ])
}

/** One option for each scope that can be named. */
const targetOptions = requestedScopes.map((scope) => {
  const { option, words } = scopeRow(scope)
  return { scope, option: new Option(option, words) }
})
const optionNames = [...targetOptions.map(({ option }) => String(option.long)), '--token-stdin']

async function readTarget(flags: LogoutFlags, terminal: Terminal): Promise<Target> {
  const given = targetOptions.flatMap(({ scope, option }) => {
    const value = flags[option.attributeName()]
    return value === undefined ? [] : [{ scope, value }]
  })
  if (given.length + (flags.tokenStdin === true ? 1 : 0) !== 1) {
    throw new CliError(exitCodes.usage, `give exactly one of ${optionNames.join(', ')}`)
  }
  const [named] = given
  const { issuer, lock } = flags
  if (named === undefined) {
    if (issuer !== undefined || lock !== undefined) {
      throw new CliError(
        exitCodes.usage,
        '--issuer and --lock do not go with --token-stdin: a token says who issued it, and ends alone',
      )
    }
    const token = await readSecretLine(terminal, 'token')
    return { named: { token }, isEveryone: false, words: 'the token' }
  }
  if (issuer === undefined && lock !== undefined) {
    throw new CliError(
      exitCodes.usage,
      '--lock is for tokens of another issuer: give --issuer. To keep a person or a client of this ' +
        'server out, use outright subjects disable or outright clients disable',
    )
  }
  const { key, words } = keyOf(named.scope, named.value)
  const target: NamedTarget = {
    scope: named.scope,
    ...defined({ key, issuer }),
    ...(lock === undefined ? {} : { lockSeconds: secondsOf(lock) }),
  }
  const of = issuer === undefined ? '' : ` of ${issuer}`
  return { named: target, isEveryone: hasOneKey(named.scope), words: words + of }
}

const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** The unit is required: a lock that was meant in minutes must not be one of seconds. */
function secondsOf(time: string): number {
  const [, count, unit] = /^([1-9]\d{0,8})([smhd])$/.exec(time) ?? []
  const seconds = Number(count) * unitSeconds[unit as keyof typeof unitSeconds]
  if (count === undefined || seconds > MAX_LOCK_SECONDS) {
    throw new CliError(
      exitCodes.usage,
      '--lock takes a time with its unit, such as 90s, 15m, 2h or 1d, and at most 30d',
    )
  }
  return seconds
}

const idNames: Readonly<Record<KeyClaim, string>> = {
  jti: 'a token id',
  sid: 'a session id',
  sub: 'a subject id',
  client_id: 'a client id',
  device_id: 'a device key',
  kid: 'a key id',
}

function keyOf(
  scope: RequestedScope,
  value: unknown,
): { readonly key?: string; readonly words: string } {
  if (hasOneKey(scope)) return { words: `${scope}’s sessions` }
  if (typeof value === 'string') return { key: value, words: `${scope} ${value}` }
  const { key: claims } = scopeRow(scope)
  const parts = value as readonly string[]
  if (parts.length !== claims.length) {
    throw new CliError(
      exitCodes.usage,
      `--${scope} takes ${claims.map((claim) => idNames[claim]).join(' and ')}`,
    )
  }
  return { key: parts.join(' '), words: `${scope} ${parts.join(' ')}` }
}

/** @throws {CliError} `notFound` where nothing would end. */
function reportDryRun(output: Output, { words }: Target, found: WireDryRun): void {
  if (output.json) {
    output.result('', found)
  } else {
    output.result(describeDryRun(found, words), found)
    if (found.sample.length > 0) output.table(found.sample, sessionColumns, '')
    const rest = found.sessions - found.sample.length
    if (found.sample.length > 0 && rest > 0) output.note(`and ${String(rest)} more`)
  }
  if (!found.known) {
    throw new CliError(exitCodes.notFound, `the server knows no ${words}`)
  }
}

function describeDryRun({ issuer, cutoff, sessions }: WireDryRun, words: string): string {
  if (issuer === '') return `${describeSessions(sessions)} would end with ${words}`
  return `would end ${words}${upTo(cutoff)}; ${seen(sessions)}`
}

/** Of logins elsewhere this server knows those of which a token came to a verifier. */
function seen(count: number): string {
  if (count === 0) return 'no such login was seen here, which does not say that there is none'
  return `${count === 1 ? '1 live login was' : `${String(count)} live logins were`} seen here, and there may be others`
}

/** Tokens of another issuer end up to a second, which a lock puts into the future. */
function upTo(cutoff: string | null): string {
  return cutoff === null ? '' : `, tokens issued up to ${cutoff}`
}

function describeSessions(count: number): string {
  return count === 1 ? '1 live session' : `${String(count)} live sessions`
}

async function confirmEveryone(
  terminal: Terminal,
  client: OutrightClient,
  issuer: string | undefined,
): Promise<void> {
  if (!terminal.isInteractive.stdin) {
    throw new CliError(
      exitCodes.usage,
      'standard input is not a terminal to ask at: --everyone needs --yes',
    )
  }
  const target = { scope: 'everyone', ...defined({ issuer }) } as const
  const { sessions } = await client.dryRun(target)
  const what =
    issuer === undefined ? `${describeSessions(sessions)}, everyone’s` : `every login at ${issuer}`
  const answer = await terminal.ask(`outright: this ends ${what}; type "everyone" to go on: `)
  if (answer.trim() !== 'everyone') throw new CliError(exitCodes.failed, 'nothing was ended')
}
