/** The programs of PostgreSQL, as whom they run, and the files of a new cluster. */
import { execFile } from 'node:child_process'
import { accessSync, chownSync, constants, existsSync, readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Who owns the databases that tests make. */
export const USER = 'outright'

/** The files of a new cluster. In `npm test`, whose folder goes when it ends, they are made once. */
export async function makeFiles(data: string): Promise<void> {
  if (process.env['TEST_KEPT_DIR'] === undefined) return initialize(data)
  const shared = join(tmpdir(), 'outright-pg-new')
  if (!existsSync(shared)) {
    const own = await mkdtemp(`${shared}-`)
    giveAway(own)
    await initialize(join(own, 'data'))
    // Another process may have been faster: then its files are there, and these are of no use.
    await rename(own, shared).catch(() => rm(own, { recursive: true, force: true }))
  }
  const copy = ['-a', join(shared, 'data'), data]
  await promisify(execFile)('cp', copy, { ...otherUser(), cwd: '/' })
}

function initialize(data: string): Promise<void> {
  const rights = ['-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
  return runTool('initdb', ['-D', data, ...rights])
}

export async function runTool(name: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(tool(name), [...args], { ...otherUser(), cwd: '/' })
}

/** Where a tool of PostgreSQL lies: on the path, or where Debian keeps it; the newest version. */
export function tool(name: string): string {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const found = [...debianFolders(), ...path].map((folder) => join(folder, name)).find(isExecutable)
  if (found !== undefined) return found
  throw new Error(
    `Cannot find "${name}": install PostgreSQL (Debian: apt-get install postgresql), or give the ` +
      'URL of a server in OUTRIGHT_TEST_DATABASE_URL',
  )
}

function debianFolders(): string[] {
  const base = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(base).toSorted((one, other) => Number(other) - Number(one))
    return versions.map((version) => join(base, version, 'bin'))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** PostgreSQL refuses to run as root, so root runs it as the user of Debian's package. */
export function otherUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  const line =
    lines.find((entry) => entry.startsWith('postgres:')) ??
    lines.find((entry) => entry.startsWith('nobody:'))
  const [, , uid, gid] = (line ?? '').split(':').map(Number)
  return uid === undefined || gid === undefined ? {} : { uid, gid }
}

export function giveAway(folder: string): void {
  const { uid, gid } = otherUser()
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
}
