/**
 * The packages as a stranger gets them: built and packed from this checkout, and a project in which
 * the guard was installed. Beside it what strangers use: Jest, older TypeScript, Bun, Deno, in
 * versions that `consumers/package-lock.json` fixes.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import {
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Where the programs of others are; kept from one run to the next. */
export const consumers: string = join(root, 'node_modules', '.cache', 'outright-consumers')

/** What a command printed. A command that fails throws with all that it said. */
export async function command(
  file: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  try {
    const { stdout } = await run(file, [...args], { ...options, timeout: 540_000 })
    return stdout.trim()
  } catch (error) {
    const { stdout, stderr, message } = error as { stdout?: string; stderr?: string } & Error
    throw new Error([message, stdout, stderr].join('\n'), { cause: error })
  }
}

export interface Packed {
  /** Everything below is in it. */
  readonly folder: string
  /** The tarballs, by the name of their package. */
  readonly tarballs: Readonly<Record<'outright' | 'outright-server' | 'jose', string>>
  /** A project in which `npm install` put the guard. */
  readonly project: string
  remove(): Promise<void>
}

/** Builds, packs and installs. Needs no registry: `jose` is packed from what is installed here. */
export async function pack(): Promise<Packed> {
  await command(process.execPath, ['tools/build.mjs'], { cwd: root })
  const folder = await mkdtemp(join(tmpdir(), 'outright-package-'))
  const project = join(folder, 'project')
  await mkdir(project)
  const to = ['--ignore-scripts', '--silent', '--pack-destination', folder]
  await command('npm', ['pack', '--workspaces', ...to], { cwd: root })
  await command('npm', ['pack', join(root, 'node_modules', 'jose'), ...to], { cwd: root })
  const tarball = async (name: string): Promise<string> => {
    const { version } = JSON.parse(
      await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8'),
    ) as { version: string }
    return join(folder, `${name}-${version}.tgz`)
  }
  const tarballs = {
    outright: await tarball('outright'),
    'outright-server': await tarball('outright-server'),
    jose: await tarball('jose'),
  }
  await writeFile(join(project, 'package.json'), '{ "private": true }')
  const install = ['install', '--offline', '--no-audit', '--no-fund', '--silent']
  await command('npm', [...install, tarballs.outright, tarballs.jose], { cwd: project })
  return {
    folder,
    tarballs,
    project,
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  }
}

/**
 * Makes the programs of others, and the frameworks that the adapters adapt to, resolve in a
 * project.
 */
export async function addConsumers(project: string): Promise<void> {
  await installConsumers()
  await link(join(consumers, 'node_modules'), join(project, 'node_modules'))
  const own = join(root, 'node_modules')
  for (const name of ['express', 'fastify', 'hono', 'ws', '@types/express']) {
    await linkOne(join(own, name), join(project, 'node_modules', name))
  }
}

async function installConsumers(): Promise<void> {
  const lock = await readFile(new URL('consumers/package-lock.json', import.meta.url), 'utf8')
  const stamp = join(consumers, 'installed.json')
  if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === lock) return
  await mkdir(consumers, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    await copyFile(new URL(`consumers/${name}`, import.meta.url), join(consumers, name))
  }
  const install = ['ci', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  await run('npm', install, { cwd: consumers, timeout: 480_000 })
  await writeFile(stamp, lock)
}

/** Links packages one by one; a scope is a folder that several come to share. */
async function link(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (name.startsWith('.')) continue
    if (!name.startsWith('@')) await linkOne(join(from, name), join(to, name))
    else await link(join(from, name), join(to, name))
  }
}

async function linkOne(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  if (!existsSync(to)) await symlink(from, to)
}
