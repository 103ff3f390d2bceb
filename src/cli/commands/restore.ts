import type { Command } from 'commander'
import { withExamples } from '../examples.ts'
import type { Shell } from '../shell.ts'

/** `outright restore`: puts a backup in the place of a database that no server has open. */
export function addRestore(program: Command, shell: Shell): void {
  const command = program
    .command('restore')
    .summary('put a backup in the place of a database')
    .description(
      'Verifies a backup and puts it in the place of the database in a data folder, whose server must ' +
        'not be running. The database that was there is kept beside it, and what was logged out since the ' +
        'backup is carried over from it. Where that is not possible, outright serve does not start on ' +
        'the restored database until you decide: see its --after-restore.',
    )
    .argument('<file>', 'the backup')
    .requiredOption('--data <folder>', 'data folder of the server')
    .action(async (file: string, { data }: { readonly data: string }, command: Command) => {
      const { restoreInto } = await import('../../server/offline.ts')
      const outcome = restoreInto(file, data)
      const output = shell.output(command)
      const noun = outcome.entries === 1 ? 'entry' : 'entries'
      output.result(`restored ${data}: ${String(outcome.entries)} log ${noun} verified`, outcome)
      if (outcome.kept !== undefined)
        output.note(`the database before it is kept as ${outcome.kept}`)
      output.note(describeCarried(outcome.carried))
    })
  withExamples(command, ['outright restore outright-backup.db --data /var/lib/outright'])
}

function describeCarried(carried: number | undefined): string {
  if (carried === undefined) {
    return (
      'logouts and removals of keys since the backup are not in it, and nothing was there to carry ' +
      'them over from: start it with outright serve --after-restore end-everyone'
    )
  }
  const noun = carried === 1 ? 'log entry was' : 'log entries were'
  return `${String(carried)} ${noun} carried over from the database before it: nothing that was logged out is good again`
}
