import type { Command } from 'commander'
import { withExamples } from '../examples.ts'
import type { Shell } from '../shell.ts'

/** `outright restore`: puts a backup in the place of a database that nobody serves. */
export function addRestore(program: Command, shell: Shell): void {
  const command = program
    .command('restore')
    .summary('put a backup in the place of a database')
    .description(
      'Verifies a backup and puts it in the place of the database in a data folder, whose server must ' +
        'not be running. The database that was there is kept beside it. What was logged out after the ' +
        'backup was made is not logged out in it: end everyone’s sessions afterwards if that matters.',
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
      output.note(
        'logouts and removals of keys since the backup are not in it: consider outright logout --everyone',
      )
    })
  withExamples(command, ['outright restore outright-backup.db --data /var/lib/outright'])
}
