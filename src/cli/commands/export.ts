import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import { createProgress, share } from '../progress.ts'
import type { Shell } from '../shell.ts'

/** Which database. */
export interface PlaceFlags {
  readonly data?: string
  readonly databaseUrl?: string
  readonly config?: string
}

interface ExportFlags extends PlaceFlags {
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
    .option('--data <folder>', 'folder of the SQLite database (OUTRIGHT_DATA, default ./data)')
    .option('--database-url <url>', 'PostgreSQL instead (OUTRIGHT_DATABASE_URL, which hides it)')
    .option('--config <file>', 'outright.config.ts or .json (OUTRIGHT_CONFIG)')
    .option('--force', 'replace the file where it is there already')
    .action(async (file: string, { force, ...place }: ExportFlags, command: Command) => {
      if (force !== true && existsSync(file)) {
        throw new CliError(exitCodes.failed, `${file} already exists: --force replaces it`)
      }
      const { exportDatabase } = await import('../../server/transfer.ts')
      const progress = createProgress(shell.terminal, describeRows('wrote'))
      try {
        const environment = shell.terminal.env
        const onProgress = (done: number, of: number): void => {
          progress.update(done, of)
        }
        const outcome = await exportDatabase({ ...place, file, environment, onProgress })
        progress.end()
        const sentence = `wrote ${String(outcome.total)} rows to ${file}`
        shell.output(command).result(sentence, { file, ...outcome })
      } finally {
        progress.end()
      }
    })
  withExamples(command, [
    'outright export outright.ndjson.gz --data /var/lib/outright',
    'OUTRIGHT_DATABASE_URL=postgres://… outright export outright.ndjson.gz',
  ])
}

/** Words for how far an export or an import has come. */
export function describeRows(verb: string): (done: number, of: number | undefined) => string {
  return (done, of) => `${verb} ${share(done, of)} rows`
}
