import type { Command } from 'commander'
import { withDatabase, type DatabaseFlags } from '../database.ts'
import { withExamples } from '../examples.ts'
import type { Shell } from '../shell.ts'

interface MigrateFlags extends DatabaseFlags {
  readonly dryRun?: boolean
}

/** `outright migrate`: brings the schema of a database up to date. */
export function addMigrate(program: Command, shell: Shell): void {
  const command = program
    .command('migrate')
    .summary('bring the schema of a database up to date')
    .description(
      'Applies the steps of the schema that a database lacks, and says which. A server does the ' +
        'same when it starts; this is for doing it before, with another role or at another time. ' +
        'On PostgreSQL older nodes may go on serving; a SQLite database must not be in use.',
    )
  withDatabase(command)
    .option('--dry-run', 'only say what would be done')
    .action(async (flags: MigrateFlags, command: Command) => {
      const { migrateDatabase } = await import('../../server/migrate.ts')
      const outcome = await migrateDatabase({ ...flags, environment: shell.terminal.env })
      const names = outcome.steps.map(({ number, name }) => `${String(number)} (${name})`)
      const noun = names.length === 1 ? 'step' : 'steps'
      const verb = flags.dryRun === true ? 'would apply' : 'applied'
      const sentence =
        names.length === 0
          ? `nothing to do: the schema is at step ${String(outcome.at)}`
          : `${verb} ${noun} ${names.join(', ')}`
      shell.output(command).result(sentence, outcome)
    })
  withExamples(command, [
    'outright migrate --dry-run',
    'outright migrate --data /var/lib/outright',
    'OUTRIGHT_DATABASE_URL=postgres://… outright migrate',
  ])
}
