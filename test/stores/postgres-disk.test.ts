/**
 * Invariant 6 on PostgreSQL: a disk that is really full. Its cluster lies on a small file system in
 * memory, in a mount namespace of one child process.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const child = fileURLToPath(new URL('full-disk-child.ts', import.meta.url))

/** Runs a command where this folder, and nowhere else, is a file system of that size. */
function onSmallDisk(folder: string, ...command: readonly string[]) {
  const program = 'mount -t tmpfs -o size=256m,mode=1777 tmpfs "$0" && exec "$@"'
  return run('unshare', ['--mount', 'sh', '-c', program, folder, ...command], {
    env: { ...process.env, TMPDIR: folder },
    timeout: 240_000,
  })
}

/** Why this cannot be tried here; undefined where it can. */
async function hindrance(folder: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root may mount a file system here'
  try {
    await onSmallDisk(folder, 'true')
    return undefined
  } catch (error) {
    return `no file system can be mounted here: ${String(error).split('\n', 1).join('')}`
  }
}

test('a full disk: 503 in the dialect’s own form, nothing is lost, and it goes on by itself', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'outright-full-'))
  try {
    const reason = await hindrance(folder)
    if (reason !== undefined) {
      t.skip(reason)
      return
    }
    const options = process.execArgv.filter((option) => option.startsWith('--conditions'))
    const { stdout } = await onSmallDisk(folder, process.execPath, ...options, child, folder)
    const { ended, refused } = JSON.parse(stdout) as { ended: number; refused: number }
    t.diagnostic(`${String(ended)} logouts found room on the full disk, ${String(refused)} did not`)
    assert.equal(refused, 10)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
