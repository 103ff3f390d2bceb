/** `/backup`: a copy of the database as it was at one moment, while everything goes on. */
import { mkdtemp, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Refusal } from '../../../domain/failure.ts'
import { systemReason } from '../../../domain/system-error.ts'
import type { Route } from '../../surface.ts'
import type { AdminContext } from './declare.ts'
import { Problem } from './problem.ts'

/** `GET /backup`. 501 where the database has tools of its own. */
export function backupRoutes({ node, route }: AdminContext): readonly Route[] {
  return [
    route(
      {
        method: 'GET',
        path: '/backup',
        id: 'backup',
        tag: 'Backup',
        role: 'admin',
        summary: 'Download a consistent copy of the database',
        description:
          'It holds password hashes and private signing keys: keep it as you keep those. 501 where the database has tools of its own, such as PostgreSQL.',
        responses: { 200: { description: 'A SQLite database', type: 'application/octet-stream' } },
      },
      async () => {
        if (node.backup === undefined) {
          throw new Problem('not-supported', 'this database is backed up with its own tools')
        }
        const { sizeBytes, chunks } = await download(node.dataDir, node.backup).catch(explain)
        return {
          status: 200,
          headers: {
            'content-type': 'application/octet-stream',
            'content-disposition': 'attachment; filename="outright.sqlite"',
            'content-length': String(sizeBytes),
          },
          body: chunks,
        }
      },
    ),
  ]
}

/** A file on its way out. */
interface Download {
  readonly sizeBytes: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** Its reader is an operator, who has to know which disk is full. */
function explain(error: unknown): never {
  const reason =
    error instanceof Refusal && error.failure.kind === 'store_unavailable'
      ? error.failure.reason
      : systemReason(error)
  if (reason === undefined) throw error
  throw new Problem(
    'backup-failed',
    `Cannot copy the database inside the data folder of the server: ${reason}. Nothing of the copy was left`,
  )
}

/** Copies to a file beside the database and sends it. */
async function download(dataDir: string, backup: (to: string) => Promise<void>): Promise<Download> {
  const folder = await mkdtemp(join(dataDir, 'backup-'))
  const file = join(folder, 'outright.db')
  try {
    await backup(file)
    // Its name goes at once; its bytes when the last reader closes it, whether it read them or not.
    const handle = await open(file)
    const { size } = await handle.stat()
    return { sizeBytes: size, chunks: handle.createReadStream() }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
