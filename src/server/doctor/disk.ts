/** What lies below the database: the kind of file system, its room, and how long it takes to write. */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { fail, ok, reasonOf, warn, type Finding } from './finding.ts'

type Kind = 'local' | 'memory' | 'network' | 'unknown'

/** Names as `/proc/self/mountinfo` gives them. */
const kinds: ReadonlyMap<string, Kind> = new Map([
  ...['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'zfs', 'f2fs', 'bcachefs', 'jfs'].map(named('local')),
  ...['apfs', 'hfs', 'ufs', 'overlay'].map(named('local')),
  ...['tmpfs', 'ramfs'].map(named('memory')),
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', 'afs', 'ceph', '9p', 'glusterfs'].map(
    named('network'),
  ),
  ...['lustre', 'ocfs2', 'gfs2', 'beegfs', 'virtiofs', 'vboxsf', 'ncpfs'].map(named('network')),
  ...['fuse.sshfs', 'fuse.s3fs', 'fuse.glusterfs', 'fuse.rclone', 'fuse.gcsfuse'].map(
    named('network'),
  ),
])

function named(kind: Kind): (name: string) => readonly [string, Kind] {
  return (name) => [name, kind]
}

/** SQLite's locks and its shared memory need a file system that one machine has to itself. */
export function judgeFileSystem(name: string | undefined): Finding {
  const check = 'disk.file-system'
  if (name === undefined) return ok(check, 'not known on this system')
  switch (kinds.get(name) ?? 'unknown') {
    case 'local':
      return ok(check, name)
    case 'memory':
      return fail(
        check,
        `${name}: what is stored is gone with the machine`,
        'put the data folder on a disk',
      )
    case 'network':
      return fail(
        check,
        `${name}: a network file system, whose locks and fsync SQLite cannot count on`,
        'put the data folder on a local disk, or use PostgreSQL',
      )
    case 'unknown':
      return warn(
        check,
        `${name}: not one that is known to keep locks and fsync`,
        'make sure that it is local and not shared with other machines',
      )
  }
}

/** The kind of file system that a folder lies on; undefined where the system does not say. */
export async function fileSystemOf(folder: string): Promise<string | undefined> {
  try {
    return fileSystemIn(await readFile('/proc/self/mountinfo', 'utf8'), resolve(folder))
  } catch {
    return undefined
  }
}

/**
 * Finds the mount that a path is in.
 *
 * @param mounts `/proc/self/mountinfo`: id, parent, device, root, mount point, options, any number
 *   of tags, a hyphen, type, source, options (proc_pid_mountinfo(5)).
 */
export function fileSystemIn(mounts: string, path: string): string | undefined {
  let best: { readonly point: string; readonly type: string } | undefined
  for (const line of mounts.split('\n')) {
    const [before = '', after = ''] = line.split(' - ', 2)
    const [type = ''] = after.split(' ', 1)
    const escaped = before.split(' ')[4]
    if (escaped === undefined || type === '') continue
    const point = escaped.replaceAll(/\\(\d{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    )
    const holds = path === point || path.startsWith(point.endsWith(sep) ? point : point + sep)
    // Of two mounts at one place the later one hides the earlier.
    if (holds && point.length >= (best?.point.length ?? 0)) best = { point, type }
  }
  return best?.type
}

/** The write-ahead log may take 80 MB, and a backup as much as the whole database. */
export const roomNeeded = { failBelow: 200e6, warnBelow: 1e9 }

export async function examineSpace(
  folder: string,
  databaseBytes: number,
  room: typeof roomNeeded = roomNeeded,
): Promise<Finding> {
  const check = 'disk.space'
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const measured = `${megabytes(free)} free, the database takes ${megabytes(databaseBytes)}`
  const advice = 'make room: with a full disk every logout is answered with an error'
  if (free < room.failBelow) return fail(check, measured, advice)
  if (free < Math.max(room.warnBelow, databaseBytes * 2)) return warn(check, measured, advice)
  return ok(check, measured)
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`
}

const SYNCS = 100
const PIECE = Buffer.alloc(4096, 1)

/** Faster than any disk that has to keep what it was given: a cache, a lie, or memory. */
const LYING_BELOW_US = 20
/** A logout takes at least one of these. */
const SLOW_ABOVE_US = 20_000

/**
 * Writes 100 pages of 4096 bytes into a file of its own and waits for the disk after each.
 *
 * @param now Microseconds that never go back.
 */
export function examineSync(folder: string, now: () => number): Finding {
  const check = 'disk.fsync'
  try {
    const times = measureSyncs(folder, now)
    const median = times[Math.floor(times.length / 2)] ?? 0
    const slow = times[Math.floor(times.length * 0.99)] ?? 0
    const measured = `p50 ${micro(median)}, p99 ${micro(slow)} over ${String(times.length)} pages`
    if (median < LYING_BELOW_US) {
      return warn(
        check,
        `${measured}: faster than a disk can be`,
        'find out whether the disk or the hypervisor really writes: power loss would take answered logouts',
      )
    }
    if (median > SLOW_ABOVE_US) {
      return warn(check, measured, 'every logout waits for it: use a faster disk')
    }
    return ok(check, measured)
  } catch (error) {
    return fail(check, `it cannot be written: ${reasonOf(error)}`, 'see what the system reports')
  }
}

function measureSyncs(folder: string, now: () => number): readonly number[] {
  const path = join(folder, `.outright-doctor-${crypto.randomUUID()}`)
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    const times: number[] = []
    for (let count = 0; count < SYNCS; count++) {
      writeSync(descriptor, PIECE)
      const started = now()
      fsyncSync(descriptor)
      times.push(now() - started)
    }
    return times.toSorted((one, other) => one - other)
  } finally {
    closeSync(descriptor)
    rmSync(path, { force: true })
  }
}

function micro(us: number): string {
  return us < 1000 ? `${us.toFixed(0)} µs` : `${(us / 1000).toFixed(1)} ms`
}
