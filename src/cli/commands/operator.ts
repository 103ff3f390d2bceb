import { defined } from '../../domain/defined.ts'
import { Argument, Option, type Command } from 'commander'
import type { Role, WireOperator } from '../../client/index.ts'
import { roles } from '../../domain/operator.ts'
import { withExamples } from '../examples.ts'
import { orNotFound } from '../exit.ts'
import { withList } from '../list.ts'
import type { Column } from '../output.ts'
import { describeEnded, describeReceipt } from '../receipt.ts'
import { askNewPassword, readSecretLine } from '../secrets.ts'
import type { Shell } from '../shell.ts'

const columns: readonly Column<WireOperator>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ROLE', value: ({ role }) => role },
  { title: 'SINGLE SIGN-ON', value: ({ subject, email }) => subject ?? email ?? '' },
  { title: 'ADDED', value: ({ createdAt }) => createdAt },
]

/** `outright operator …`: the people who sign in at the console. */
export function addOperator(program: Command, shell: Shell): void {
  const operator = program
    .command('operator')
    .summary('the people who sign in at the console')
    .description(
      'Operators: the people who sign in at the console. A viewer sees everything, an operator ends ' +
        'sessions as well, an admin may do everything.',
    )
  addAdd(operator, shell)
  addLink(operator, shell)
  addList(operator, shell)
  addSetRole(operator, shell)
  addSetPassword(operator, shell)
  addRemove(operator, shell)
}

interface PasswordFlags {
  readonly passwordStdin?: boolean
}

function readPassword({ terminal }: Shell, { passwordStdin }: PasswordFlags): Promise<string> {
  return passwordStdin === true
    ? readSecretLine(terminal, 'password')
    : askNewPassword(terminal, '--password-stdin')
}

interface AddFlags extends PasswordFlags {
  readonly subject?: string
  readonly email?: string
}

function addAdd(operator: Command, shell: Shell): void {
  const add = operator
    .command('add')
    .description(
      'Adds an operator. Asks for a password of at least 12 characters, unless they sign in at the ' +
        'identity provider of the setting operators.singleSignOn.',
    )
    .argument('<name>', 'lower-case letters, digits and . _ @ + -')
    .addArgument(roleArgument())
    .option('--password-stdin', 'read the password from standard input')
    .addOption(
      new Option('--subject <sub>', 'their sub at the identity provider').conflicts([
        'email',
        'passwordStdin',
      ]),
    )
    .addOption(
      new Option(
        '--email <address>',
        'or their e-mail address there, which it has verified',
      ).conflicts(['passwordStdin']),
    )
    .action(async (name: string, role: Role, flags: AddFlags, command: Command) => {
      const client = await shell.connect(command)
      const { subject, email } = flags
      const wayIn =
        subject === undefined && email === undefined
          ? { password: await readPassword(shell, flags) }
          : defined({ subject, email })
      const added = await client.addOperator({ name, role, ...wayIn })
      shell.output(command).result(`added ${name} as ${role}`, added)
    })
  withExamples(add, [
    'outright operator add ana admin',
    'outright operator add rui@example.com viewer --password-stdin < password.txt',
    'outright operator add eva operator --email eva@example.com',
  ])
}

function addLink(operator: Command, shell: Shell): void {
  const link = operator
    .command('link')
    .description(
      'Makes a link with which one person becomes an operator. It is good once and for a day.',
    )
    .addArgument(roleArgument())
    .action(async (role: Role, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const invited = await client.inviteOperator(role)
      shell.output(command).result(invited.link, invited)
    })
  withExamples(link, ['outright operator link operator'])
}

function addList(operator: Command, shell: Shell): void {
  const list = operator.command('list').description('Lists operators and their roles.')
  withList(list, shell, { columns, none: 'no operators' }, (client, page) => client.operators(page))
  withExamples(list, ['outright operator list'])
}

function addSetRole(operator: Command, shell: Shell): void {
  const set = operator
    .command('set-role')
    .description('Gives an operator another role, from the next thing that they do on.')
    .argument('<name>', 'name of the operator')
    .addArgument(roleArgument())
    .action(async (name: string, role: Role, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const changed = await known(name, client.updateOperator(name, { role }))
      shell.output(command).result(`${name} is ${role} now`, changed)
    })
  withExamples(set, ['outright operator set-role ana viewer'])
}

function addSetPassword(operator: Command, shell: Shell): void {
  const set = operator
    .command('set-password')
    .description('Gives an operator a new password and ends their sessions.')
    .argument('<name>', 'name of the operator')
    .option('--password-stdin', 'read the password from standard input')
    .action(async (name: string, flags: PasswordFlags, command: Command) => {
      const client = await shell.connect(command)
      const password = await readPassword(shell, flags)
      const changed = await known(name, client.updateOperator(name, { password }))
      const ended = describeEnded(changed.revoked)
      shell.output(command).result(`changed the password of ${name}${ended}`, changed)
    })
  withExamples(set, [
    'outright operator set-password ana',
    'outright operator set-password ana --password-stdin < new-password.txt',
  ])
}

function addRemove(operator: Command, shell: Shell): void {
  const remove = operator
    .command('remove')
    .description('Removes an operator, with their passkeys, and ends their sessions.')
    .argument('<name>', 'name of the operator')
    .action(async (name: string, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const removed = await known(name, client.removeOperator(name))
      const sentence = `removed ${name}: ${describeReceipt(removed.receipt)}`
      shell.output(command).result(sentence, removed)
    })
  withExamples(remove, ['outright operator remove ana'])
}

function roleArgument(): Argument {
  return new Argument('<role>', 'what they may do').choices(roles)
}

function known<T>(name: string, answer: Promise<T>): Promise<T> {
  return orNotFound(answer, `no operator is named ${name}`)
}
