import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { showingRows, withDatabase, type DatabaseFlags } from '../database.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import type { Shell } from '../shell.ts'

interface ExportFlags extends DatabaseFlags {
  readonly force?: boolean
}

/** `outright export`: everything that a database holds, in a file that any store can read. */
export function addExport(program: Command, shell: Shell): void {
  const command = program
    .command('export')
    .summary('write everything in a database to a file')
    .description(
      'Writes everything that a database holds to a file, from which outright import fills ' +
        'another one, SQLite or PostgreSQL. No server may be using the database. The file holds ' +
        'password hashes and private signing keys: keep it as you keep those. It is compressed ' +
        'where its name ends in .gz.',
    )
    .argument('<file>', 'where to write it')
  withDatabase(command)
    .option('--force', 'replace the file where it is there already')
    .action(async (file: string, { force, ...place }: ExportFlags, command: Command) => {
      if (force !== true && existsSync(file)) {
        throw new CliError(exitCodes.failed, `${file} already exists: --force replaces it`)
      }
      const { exportDatabase } = await import('../../server/transfer.ts')
      const environment = shell.terminal.env
      const outcome = await showingRows(shell.terminal, 'wrote', (onProgress) =>
        exportDatabase({ ...place, file, environment, onProgress }),
      )
      const sentence = `wrote ${String(outcome.total)} rows to ${file}`
      shell.output(command).result(sentence, { file, ...outcome })
    })
  withExamples(command, [
    'outright export outright.ndjson.gz --data /var/lib/outright',
    'OUTRIGHT_DATABASE_URL=postgres://… outright export outright.ndjson.gz',
  ])
}
