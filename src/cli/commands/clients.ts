import { defined } from '../../domain/defined.ts'
import type { Command } from 'commander'
import type { Attributes } from '../../protocol/admin-requests.ts'
import type { WireClient, WireClientChanged } from '../../client/index.ts'
import { metadataFrom, withMetadataOptions, withRemoveOption } from '../client-metadata.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import { withList } from '../list.ts'
import type { Column, Output } from '../output.ts'
import { describeEnded } from '../receipt.ts'
import { readSecretLine } from '../secrets.ts'
import type { Shell } from '../shell.ts'
import { stateStyle } from '../style.ts'

const columns: readonly Column<WireClient>[] = [
  { title: 'ID', value: ({ id }) => id },
  {
    title: 'STATUS',
    value: ({ status }) => status,
    style: ({ status }) => stateStyle(status),
  },
  { title: 'DIALECT', value: ({ dialect }) => dialect },
  { title: 'KEY', value: ({ key }) => key },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ALLOWED FROM', value: ({ allowlist }) => allowlist.join(' ') || 'anywhere' },
]

/** `outright clients …`: the applications that call. */
export function addClients(program: Command, shell: Shell): void {
  const clients = program
    .command('clients')
    .summary('list, add and change the applications that call')
    .description('Clients: the applications that call.')
  addList(clients, shell)
  addAdd(clients, shell)
  addSet(clients, shell)
  addStatus(clients, shell, 'disable')
  addStatus(clients, shell, 'enable')
  addAllow(clients, shell)
  addRotateSecret(clients, shell)
}

interface ListFlags {
  readonly dialect?: string
}

function addList(clients: Command, shell: Shell): void {
  const list = clients
    .command('list')
    .description('Lists clients.')
    .option('--dialect <name>', 'only of this dialect')
  withList(list, shell, { columns, none: 'no clients' }, (client, page, filter: ListFlags) =>
    client.clients(filter, page),
  )
  withExamples(list, ['outright clients list', 'outright clients list --dialect octopus --json'])
}

interface SetFlags {
  readonly name?: string
  readonly redirect?: readonly string[]
  readonly remove?: readonly string[]
}

function addSet(clients: Command, shell: Shell): void {
  const set = clients
    .command('set')
    .description(
      'Changes what a client is registered with. What is not given stays; a list is replaced as a whole. Of two people at once, neither drops what the other changes.',
    )
    .argument('<client>', 'client id')
    .option('--name <name>', 'how it is called')
    .option('--redirect <url...>', 'where OAuth may send people back to')
    .action(async (id: string, { name, redirect, remove }: SetFlags, command: Command) => {
      const oauth = await metadataFrom(command, remove)
      const patch = {
        ...defined({ name, redirectUris: redirect }),
        ...(Object.keys(oauth).length === 0 ? {} : { oauth }),
      }
      if (Object.keys(patch).length === 0) {
        throw new CliError(exitCodes.usage, 'give at least one option to change')
      }
      const client = await shell.connect(command)
      report(shell.output(command), 'changed', await client.updateClient(id, patch))
    })
  withRemoveOption(withMetadataOptions(set))
  withExamples(set, [
    'outright clients set shop --backchannel-logout-uri https://shop.example/logged-out',
    'outright clients set shop --grant-type authorization_code refresh_token --require-par',
    'outright clients set shop --remove scope require-par',
  ])
}

interface AddFlags {
  readonly id?: string
  readonly name?: string
  readonly allow?: readonly string[]
  readonly redirect?: readonly string[]
  readonly secretStdin?: boolean
  readonly public?: boolean
}

function addAdd(clients: Command, shell: Shell): void {
  const add = clients
    .command('add')
    .description('Adds a client. The server makes up its secret, which is shown once.')
    .argument('<dialect>', 'the dialect that it speaks, or "oauth"')
    .argument('<key>', 'the public key or name that it presents')
    .option('--id <id>', 'the `client_id` of its tokens; made up where it is not given')
    .option('--name <name>', 'how it is called')
    .option('--allow <range...>', 'addresses from which it may call; default: anywhere')
    .option('--redirect <url...>', 'where OAuth may send people back to')
    .option('--secret-stdin', 'read the secret from standard input')
    .option('--public', 'no secret')
    .action(async (dialect: string, key: string, flags: AddFlags, command: Command) => {
      const { id, name, allow, redirect, secretStdin = false } = flags
      if (secretStdin && flags.public === true) {
        throw new CliError(exitCodes.usage, 'give --secret-stdin or --public, not both')
      }
      const oauth = await metadataFrom(command)
      const isRegistered = Object.keys(oauth).length > 0
      if (isRegistered && dialect !== 'oauth') {
        throw new CliError(exitCodes.usage, 'client metadata is for clients of "oauth"')
      }
      const client = await shell.connect(command)
      const changed = await client.createClient({
        dialect,
        key,
        ...defined({ id, name, allowlist: allow, redirectUris: redirect }),
        ...(secretStdin ? { secret: await readSecretLine(shell.terminal, 'secret') } : {}),
        generateSecret: !secretStdin && flags.public !== true,
        ...(isRegistered ? { attributes: { oauth } as unknown as Attributes } : {}),
      })
      report(shell.output(command), 'added', changed)
    })
  withMetadataOptions(add)
  withExamples(add, [
    'outright clients add octopus warehouse --allow 203.0.113.0/24',
    'outright clients add oauth shop --redirect https://shop.example/callback --post-logout-redirect https://shop.example/',
    'outright clients add oauth tv --public --grant-type urn:ietf:params:oauth:grant-type:device_code refresh_token',
    'outright clients add baanx app-key --public',
  ])
}

function addStatus(clients: Command, shell: Shell, verb: 'disable' | 'enable'): void {
  const status = verb === 'disable' ? 'disabled' : 'active'
  const command = clients
    .command(verb)
    .description(
      verb === 'disable'
        ? 'Ends all sessions of a client and refuses new ones.'
        : 'Lets a client call again. What was ended stays ended.',
    )
    .argument('<client>', 'client id')
    .action(async (id: string, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      report(shell.output(command), `${verb}d`, await client.updateClient(id, { status }))
    })
  withExamples(command, [`outright clients ${verb} 42`])
}

function addAllow(clients: Command, shell: Shell): void {
  const allow = clients
    .command('allow')
    .description('Sets the addresses from which a client may call, in place of those before.')
    .argument('<client>', 'client id')
    .argument('[range...]', 'addresses or CIDR ranges')
    .option('--anywhere', 'from anywhere')
    .action(
      async (
        id: string,
        ranges: readonly string[],
        { anywhere = false }: { readonly anywhere?: boolean },
        command: Command,
      ) => {
        if (anywhere === ranges.length > 0) {
          throw new CliError(exitCodes.usage, 'give ranges, or --anywhere')
        }
        const client = await shell.connect(command)
        const changed = await client.updateClient(id, { allowlist: ranges })
        const from = changed.client.allowlist.join(', ') || 'anywhere'
        shell.output(command).result(`${id} may call from ${from}`, changed)
      },
    )
  withExamples(allow, [
    'outright clients allow 43 203.0.113.0/24 2001:db8::/32',
    'outright clients allow 43 --anywhere',
  ])
}

function addRotateSecret(clients: Command, shell: Shell): void {
  const rotate = clients
    .command('rotate-secret')
    .description('Gives a client a new secret, shown once. The old one stops working at once.')
    .argument('<client>', 'client id')
    .option('--end-sessions', 'also end what was opened with the old one')
    .action(async (id: string, flags: { readonly endSessions?: boolean }, command: Command) => {
      const client = await shell.connect(command)
      const endSessions = flags.endSessions === true
      const changed = await client.updateClient(id, { rotateSecret: true, endSessions })
      report(shell.output(command), 'changed the secret of', changed)
    })
  withExamples(rotate, [
    'outright clients rotate-secret 42',
    'outright clients rotate-secret 42 --end-sessions',
  ])
}

function report(output: Output, verb: string, changed: WireClientChanged): void {
  const { client, secret, revoked } = changed
  output.result(`${verb} ${client.id}${describeEnded(revoked)}`, changed)
  if (secret !== null && !output.json) output.result(`secret: ${secret}`, undefined)
}
