/** The commands and the options that all of them share. */
import { Command } from 'commander'
import { version } from '../server/version.ts'
import { addAudit } from './commands/audit.ts'
import { addBackup } from './commands/backup.ts'
import { addCanary } from './commands/canary.ts'
import { addClients } from './commands/clients.ts'
import { addDeliveries } from './commands/deliveries.ts'
import { addDoctor } from './commands/doctor.ts'
import { addExport } from './commands/export.ts'
import { addGuard } from './commands/guard.ts'
import { addImport } from './commands/import.ts'
import { addKeys } from './commands/keys.ts'
import { addLogout } from './commands/logout.ts'
import { addMigrate } from './commands/migrate.ts'
import { addOperator } from './commands/operator.ts'
import { addReceivers } from './commands/receivers.ts'
import { addRestore } from './commands/restore.ts'
import { addServe } from './commands/serve.ts'
import { addSessions } from './commands/sessions.ts'
import { addSubjects } from './commands/subjects.ts'
import { addVerifiers } from './commands/verifiers.ts'
import { addWatch } from './commands/watch.ts'
import { withExamples } from './examples.ts'
import { refuseRepeats } from './repeats.ts'
import { withSafeSuggestions } from './suggestions.ts'
import { DEFAULT_SERVER, type Shell } from './shell.ts'

/** The same everywhere, so that the manual can quote it. */
const HELP_WIDTH = 90

const description = `Logged out, outright: a logout server, and this command to run and use one.

Commands other than serve, restore, doctor, migrate, export, import and audit verify --file talk to a \
running server and need its admin token in OUTRIGHT_ADMIN_TOKEN or in a file. Results go to standard \
output, everything else to standard error.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 server not reached, 5 stored but not \
confirmed.`

/** Builds the command line. */
export function buildProgram(shell: Shell): Command {
  const { terminal } = shell
  const program = new Command('outright')
    .description(description)
    .version(version, '-v, --version', 'show the version')
    .option('--server <url>', `where the server is (OUTRIGHT_URL, default ${DEFAULT_SERVER})`)
    .option('--token-file <path>', 'file that holds the admin token (else OUTRIGHT_ADMIN_TOKEN)')
    .option('--json', 'one JSON object a line in place of tables and sentences')
    .option('--no-color', 'no colours (as NO_COLOR=1, and as without a terminal)')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true, helpWidth: HELP_WIDTH })
    .showSuggestionAfterError()
  withExamples(program, [
    'outright serve --demo',
    'export OUTRIGHT_ADMIN_TOKEN=outright-demo-admin',
    'outright sessions list --live',
    'outright logout --subject maria',
    'outright watch',
  ])
  addServe(program, shell)
  addLogout(program, shell)
  addWatch(program, shell)
  addSessions(program, shell)
  addSubjects(program, shell)
  addClients(program, shell)
  addGuard(program, shell)
  addOperator(program, shell)
  addVerifiers(program, shell)
  addDeliveries(program, shell)
  addReceivers(program, shell)
  addCanary(program, shell)
  addKeys(program, shell)
  addAudit(program, shell)
  addBackup(program, shell)
  addRestore(program, shell)
  addDoctor(program, shell)
  addMigrate(program, shell)
  addExport(program, shell)
  addImport(program, shell)
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => {
        terminal.out(text)
      },
      writeErr: (text) => {
        terminal.err(text)
      },
      outputError: (text, write) => {
        write(oneLine(text))
      },
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    refuseRepeats(command)
  }
  return program
}

/** A command and everything below it. */
export function allCommands(command: Command): readonly Command[] {
  return [command, ...command.commands.flatMap(allCommands)]
}

/** Commander's complaint and its suggestion in the form of every other line. */
function oneLine(text: string): string {
  const line = text
    .trim()
    .replace(/^error: /, '')
    .replace(/\s*\n\s*\(Did/, ' (did')
  return `outright: ${withSafeSuggestions(line)}\n`
}
