import type { Command } from 'commander'
import { showingRows, withDatabase, type DatabaseFlags } from '../database.ts'
import { withExamples } from '../examples.ts'
import type { Shell } from '../shell.ts'

/** `outright import`: fills an empty database with what was exported. */
export function addImport(program: Command, shell: Shell): void {
  const command = program
    .command('import')
    .summary('fill an empty database from an export')
    .description(
      'Fills an empty database with what outright export wrote: all of it, or nothing. Tokens that ' +
        'were issued before keep working, and what was logged out stays so. The chain of the log is ' +
        'verified on the way. Takes at least as long as the longest lease of a guard, which may ' +
        'still trust the old server.',
    )
    .argument('<file>', 'the export')
  withDatabase(command).action(async (file: string, place: DatabaseFlags, command: Command) => {
    const { importDatabase } = await import('../../server/transfer.ts')
    const environment = shell.terminal.env
    const outcome = await showingRows(shell.terminal, 'read', (onProgress) =>
      importDatabase({ ...place, file, environment, onProgress }),
    )
    const entries = String(outcome.rows.log)
    const sentence = `read ${String(outcome.total)} rows, ${entries} log entries verified`
    const output = shell.output(command)
    output.result(sentence, { file, ...outcome })
    output.note('do not start the old server again: this one would not know what it logs out')
  })
  withExamples(command, [
    'outright import outright.ndjson.gz --data /var/lib/outright',
    'OUTRIGHT_DATABASE_URL=postgres://… outright import outright.ndjson.gz',
  ])
}
