/** What the commands share that open a database themselves, without a server. */
import { Option, type Command } from 'commander'
import type { DatabaseChoice } from '../server/migrate.ts'
import type { TransferOptions } from '../server/transfer.ts'
import { createProgress, share } from './progress.ts'
import type { Terminal } from './terminal.ts'

/** What the options of `withDatabase` say. */
export type DatabaseFlags = Omit<DatabaseChoice, 'environment'>

export const dataOption: Option = new Option(
  '--data <folder>',
  'folder of the SQLite database (OUTRIGHT_DATA, default ./data)',
)
export const configOption: Option = new Option(
  '--config <file>',
  'outright.config.ts or .json (OUTRIGHT_CONFIG)',
)

/** Adds the options that say which database is meant. */
export function withDatabase(command: Command): Command {
  return command
    .addOption(dataOption)
    .option('--database-url <url>', 'PostgreSQL instead (OUTRIGHT_DATABASE_URL, which hides it)')
    .addOption(configOption)
}

/** Shows how many rows an export or an import has come to. */
export async function showingRows<T>(
  terminal: Terminal,
  verb: string,
  work: (onProgress: TransferOptions['onProgress']) => Promise<T>,
): Promise<T> {
  const progress = createProgress(terminal, (done, of) => `${verb} ${share(done, of)} rows`)
  try {
    return await work((done, of) => {
      progress.update(done, of)
    })
  } finally {
    progress.end()
  }
}
