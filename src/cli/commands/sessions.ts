import { defined } from '../../domain/defined.ts'
import type { Command } from 'commander'
import type { WireForeignSession, WireSession } from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import { showList, withLimit } from '../list.ts'
import type { Column } from '../output.ts'
import type { Shell } from '../shell.ts'
import { stateStyle } from '../style.ts'

export const sessionColumns: readonly Column<WireSession>[] = [
  { title: 'SESSION', value: ({ sid }) => sid },
  { title: 'STATE', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'SUBJECT', value: ({ subject }) => subject },
  { title: 'CLIENT', value: clientsOf },
  { title: 'DIALECT', value: ({ dialect }) => dialect },
  { title: 'DEVICE', value: ({ device }) => device ?? '' },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
  { title: 'LAST SEEN', value: ({ lastSeenAt }) => lastSeenAt },
]

/** Its clients, or the earlier ones where all have left. */
function clientsOf({ participants }: WireSession): string {
  const live = participants.filter(({ state }) => state === 'live')
  const shown = live.length > 0 ? live : participants
  return [...new Set(shown.map(({ client }) => client))].join(', ')
}

const foreignColumns: readonly Column<WireForeignSession>[] = [
  { title: 'SUBJECT', value: ({ subject }) => subject },
  { title: 'SESSION', value: ({ session }) => session ?? '' },
  { title: 'CLIENT', value: ({ client }) => client ?? '' },
  { title: 'STATE', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'LAST SEEN', value: ({ lastSeenAt }) => lastSeenAt },
  { title: 'ISSUER', value: ({ issuer }) => issuer },
]

interface SessionFlags {
  readonly issuer?: string
  readonly subject?: string
  readonly client?: string
  readonly device?: string
  readonly dialect?: string
  readonly live?: boolean
  readonly limit: number
}

/** `outright sessions list`. */
export function addSessions(program: Command, shell: Shell): void {
  const sessions = program
    .command('sessions')
    .summary('list sessions: who is logged in')
    .description('Sessions: who is logged in.')
  const list = sessions
    .command('list')
    .description('Lists sessions, newest first.')
    .option('--subject <id>', 'only of this person')
    .option('--client <id>', 'only with this client among theirs')
    .option('--device <key>', 'only of this device')
    .option('--dialect <name>', 'only with a client of this dialect')
    .option('--live', 'only those that have not ended, with --client for that client')
    .option('--issuer <name>', 'logins at another issuer instead, as its tokens have told of them')
    .action(async ({ limit, issuer, ...filter }: SessionFlags, command: Command) => {
      if (issuer !== undefined) return listForeign(shell, command, { limit, issuer, ...filter })
      const form = { limit, columns: sessionColumns, none: 'no sessions' }
      await showList(shell, command, form, (client, page) => client.sessions(filter, page))
    })
  withLimit(list)
  withExamples(list, [
    'outright sessions list --live',
    'outright sessions list --subject maria',
    'outright sessions list --issuer keycloak --subject 8f2d1c9e-0c4b-4a53-9d0e-0c7a6d1f2b34',
    'outright sessions list --dialect octopus --limit all --json',
  ])
}

/** Of other issuers only names are known: not the device, and no dialect. */
async function listForeign(
  shell: Shell,
  command: Command,
  { limit, issuer, subject, client, ...others }: SessionFlags,
): Promise<void> {
  const [other] = Object.keys(others)
  if (other !== undefined) {
    throw new CliError(exitCodes.usage, `--${other} does not go with --issuer`)
  }
  const filter = defined({ issuer, subject, client })
  const form = { limit, columns: foreignColumns, none: 'no sessions' }
  await showList(shell, command, form, (own, page) => own.foreignSessions(filter, page))
}
