import { open, rm } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Download } from '../http/dialects/admin/index.ts'
import type { SqliteStore } from '../stores/sqlite/store.ts'

/**
 * Makes a backup and hands it out as a download.
 *
 * @param store What is backed up; it goes on working.
 * @param dataDir Where the copy lies for as long as it is read. It has the place that the database
 *   has.
 * @throws {Refusal} `store_unavailable` where it cannot be written.
 */
export async function downloadBackup(
  store: Pick<SqliteStore, 'backup'>,
  dataDir: string,
): Promise<Download> {
  const path = join(dataDir, `backup-${randomUUID()}.tmp`)
  await store.backup(path)
  const file = await open(path)
  // Without its name it is gone when it is closed, and after a crash too.
  await rm(path, { force: true })
  const { size } = await file.stat()
  return { sizeBytes: size, chunks: file.createReadStream() }
}
