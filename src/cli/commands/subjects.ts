import { defined } from '../../domain/defined.ts'
import { systemReason } from '../../domain/system-error.ts'
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type {
  Attributes,
  OutrightClient,
  WireSubject,
  WireSubjectChanged,
} from '../../client/index.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import { withList } from '../list.ts'
import type { Column, Output } from '../output.ts'
import { describeEnded } from '../receipt.ts'
import { askNewPassword, readSecretLine } from '../secrets.ts'
import type { Shell } from '../shell.ts'
import { stateStyle } from '../style.ts'

const columns: readonly Column<WireSubject>[] = [
  { title: 'ID', value: ({ id }) => id },
  {
    title: 'STATUS',
    value: ({ status }) => status,
    style: ({ status }) => stateStyle(status),
  },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'USERNAME', value: ({ username }) => username ?? '' },
  { title: 'EMAIL', value: ({ email }) => email ?? '' },
  { title: 'PHONE', value: ({ phone }) => phone ?? '' },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
]

const whoHelp = 'subject id, or username:…, email:… or phone:…'

/** `outright subjects …`: people. */
export function addSubjects(program: Command, shell: Shell): void {
  const subjects = program
    .command('subjects')
    .summary('list, add and change people')
    .description('Subjects: the people who log in.')
  addList(subjects, shell)
  addAdd(subjects, shell)
  addStatus(subjects, shell, 'disable')
  addStatus(subjects, shell, 'enable')
  addSetPassword(subjects, shell)
}

function addList(subjects: Command, shell: Shell): void {
  const list = subjects.command('list').description('Lists people.')
  withList(list, shell, { columns, none: 'no subjects' }, (client, page) =>
    client.subjects({}, page),
  )
  withExamples(list, ['outright subjects list', 'outright subjects list --limit all --json'])
}

interface AddFlags {
  readonly id?: string
  readonly name?: string
  readonly username?: string
  readonly email?: string
  readonly phone?: string
  readonly attributes?: string
  /** False with `--no-password`. */
  readonly password: boolean
  readonly passwordStdin?: boolean
  readonly generatePassword?: boolean
}

function addAdd(subjects: Command, shell: Shell): void {
  const add = subjects
    .command('add')
    .description('Adds a person. Asks for a password unless an option says where it comes from.')
    .option('--id <id>', 'the `sub` of their tokens; made up where it is not given')
    .option('--name <name>', 'how they are called')
    .option('--username <name>', 'what they log in with')
    .option('--email <address>', 'email address')
    .option('--phone <number>', 'phone number')
    .option('--attributes <file>', 'a JSON object of whatever else is to be kept with them')
    .option('--password-stdin', 'read the password from standard input')
    .option('--generate-password', 'let the server make one up; it is shown once')
    .option('--no-password', 'none: they log in another way')
    .action(async (flags: AddFlags, command: Command) => {
      const { id, name, username, email, phone, attributes } = flags
      const client = await shell.connect(command)
      const given = await choosePassword(shell, flags)
      const changed = await client.createSubject({
        ...given,
        ...defined({ id, name, username, email, phone }),
        ...(attributes === undefined ? {} : { attributes: await readJsonFile(attributes) }),
      })
      report(shell.output(command), 'added', changed)
    })
  withExamples(add, [
    'outright subjects add --username maria --email maria@example.com',
    'outright subjects add --username maria --generate-password',
    'outright subjects add --phone 919999900002 --no-password',
  ])
}

async function readJsonFile(path: string): Promise<Attributes> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Attributes
  } catch (error) {
    const reason = systemReason(error) ?? 'it is not JSON'
    throw new CliError(exitCodes.usage, `cannot read ${path}: ${reason}`)
  }
}

interface PasswordFlags {
  readonly password?: boolean
  readonly passwordStdin?: boolean
  readonly generatePassword?: boolean
}

async function choosePassword(
  { terminal }: Shell,
  flags: PasswordFlags,
): Promise<{ readonly password?: string; readonly generatePassword?: boolean }> {
  const { password = true, passwordStdin = false, generatePassword = false } = flags
  if (Number(!password) + Number(passwordStdin) + Number(generatePassword) > 1) {
    throw new CliError(exitCodes.usage, 'give one password option, not several')
  }
  if (!password) return {}
  if (generatePassword) return { generatePassword: true }
  if (passwordStdin) return { password: await readSecretLine(terminal, 'password') }
  const alternatives = '--password-stdin or --generate-password'
  return { password: await askNewPassword(terminal, alternatives) }
}

function addStatus(subjects: Command, shell: Shell, verb: 'disable' | 'enable'): void {
  const isDisabling = verb === 'disable'
  const command = subjects
    .command(verb)
    .description(
      isDisabling
        ? 'Ends all sessions of a person and refuses new ones.'
        : 'Lets a person log in again. What was ended stays ended.',
    )
    .argument('<subject>', whoHelp)
    .action(async (who: string, _flags: object, command: Command) => {
      const client = await shell.connect(command)
      const status = isDisabling ? 'disabled' : 'active'
      const changed = await client.updateSubject(await resolve(client, who), { status })
      report(shell.output(command), `${verb}d`, changed)
    })
  const byEmail = isDisabling ? ['outright subjects disable email:demo@example.com'] : []
  withExamples(command, [`outright subjects ${verb} maria`, ...byEmail])
}

interface SetPasswordFlags extends PasswordFlags {
  readonly keepSessions?: boolean
}

function addSetPassword(subjects: Command, shell: Shell): void {
  const set = subjects
    .command('set-password')
    .description('Gives a person a new password and ends their sessions.')
    .argument('<subject>', whoHelp)
    .option('--password-stdin', 'read the password from standard input')
    .option('--generate-password', 'let the server make one up; it is shown once')
    .option('--keep-sessions', 'leave their sessions as they are')
    .action(async (who: string, flags: SetPasswordFlags, command: Command) => {
      const client = await shell.connect(command)
      const id = await resolve(client, who)
      const given = await choosePassword(shell, flags)
      const changed = await client.updateSubject(id, {
        ...given,
        keepSessions: flags.keepSessions === true,
      })
      report(shell.output(command), 'changed the password of', changed)
    })
  withExamples(set, [
    'outright subjects set-password maria',
    'outright subjects set-password maria --password-stdin < new-password.txt',
    'outright subjects set-password username:maria --generate-password --keep-sessions',
  ])
}

/** Ids hold no colon, so what has one is a look-up by something else. */
async function resolve(client: OutrightClient, who: string): Promise<string> {
  const [, by, value = ''] = /^(username|email|phone):(.*)$/.exec(who) ?? []
  if (by === undefined) return who
  for await (const subject of client.subjects({ [by]: value })) return subject.id
  throw new CliError(exitCodes.notFound, `no subject has the ${by} ${value}`)
}

function report(output: Output, verb: string, changed: WireSubjectChanged): void {
  const { subject, password, revoked } = changed
  output.result(`${verb} ${subject.id}${describeEnded(revoked)}`, changed)
  if (password !== null && !output.json) output.result(`password: ${password}`, undefined)
}
