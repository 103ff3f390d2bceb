import { existsSync } from 'node:fs'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import type { BackupDownload } from '../../client/index.ts'
import { systemReason } from '../../domain/system-error.ts'
import { withExamples } from '../examples.ts'
import { CliError, exitCodes } from '../exit.ts'
import { createProgress, formatBytes, share, type Progress } from '../progress.ts'
import type { Shell } from '../shell.ts'

/** `outright backup`: a copy of the database of a running server. */
export function addBackup(program: Command, shell: Shell): void {
  const command = program
    .command('backup')
    .summary('save a copy of the database while the server runs')
    .description(
      'Saves a consistent copy of the database while the server goes on. The copy holds password ' +
        'hashes and private signing keys: keep it as you keep those. A PostgreSQL database is backed ' +
        'up with its own tools.',
    )
    .argument('<file>', 'where to save it')
    .option('--force', 'replace the file where it is there already')
    .action(async (file: string, flags: { readonly force?: boolean }, command: Command) => {
      if (flags.force !== true && existsSync(file)) {
        throw new CliError(exitCodes.failed, `${file} already exists: --force replaces it`)
      }
      const client = await shell.connect(command)
      const download = await client.backup()
      const progress = createProgress(
        shell.terminal,
        (done, of) => `saved ${share(done, of, formatBytes)}`,
      )
      const bytes = await save(download, file, progress)
      shell.output(command).result(`saved ${formatBytes(bytes)} to ${file}`, { file, bytes })
    })
  withExamples(command, [
    'outright backup outright-backup.db',
    'outright backup --force /mnt/backups/outright.db',
  ])
}

/** Writes beside the file and renames at the end: what has the name is whole. */
async function save(
  { sizeBytes, chunks }: BackupDownload,
  file: string,
  progress: Progress,
): Promise<number> {
  const partial = `${file}.partial`
  let handle: FileHandle | undefined
  try {
    handle = await open(partial, 'w', 0o600)
    let bytes = 0
    for await (const chunk of chunks) {
      // Unlike `write`, which may write a part alone, as on a disk that has become full.
      await handle.appendFile(chunk)
      bytes += chunk.length
      progress.update(bytes, sizeBytes)
    }
    if (sizeBytes !== undefined && bytes !== sizeBytes) {
      throw new Error(`it broke off after ${formatBytes(bytes)}`)
    }
    await handle.sync()
    await handle.close()
    await rename(partial, file)
    await syncFolder(dirname(file))
    return bytes
  } catch (error) {
    await handle?.close().catch(() => undefined)
    const left = handle && (await removePartial(partial))
    const told = error instanceof Error ? error.message : 'unknown'
    const reason = [systemReason(error) ?? told, left].filter((one) => one !== undefined).join('; ')
    throw new CliError(exitCodes.failed, `cannot save ${file}: ${reason}`)
  } finally {
    progress.end()
  }
}

/** @returns What is left of a copy that could not be saved. */
async function removePartial(partial: string): Promise<string> {
  try {
    await rm(partial, { force: true })
    return 'nothing of the copy is left, and a file of before is as it was'
  } catch {
    return `a part of the copy is left in ${partial}: delete it`
  }
}

/** The name is on the disk only when the folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
