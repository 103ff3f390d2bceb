/** Builds the console's static files when they are missing or older than their sources. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { childEnvironment, fail, root, say } from './packages.mjs'

const folder = join(root, 'packages', 'console')
const built = join(folder, 'dist', 'index.html')

/** What it is made of beside its own folder: the client of the API, and packages. */
const sources = [folder, join(root, 'src', 'client'), join(root, 'src', 'protocol')]
const lock = join(root, 'package-lock.json')

export function ensureConsole() {
  const latest = Math.max(statSync(lock).mtimeMs, ...sources.map(newest))
  if (existsSync(built) && statSync(built).mtimeMs >= latest) return
  buildConsole()
}

/** Puts the console where the server's package has it. */
export function copyConsole(to) {
  rmSync(to, { recursive: true, force: true })
  cpSync(join(folder, 'dist'), to, { recursive: true })
}

function buildConsole() {
  say('Building the console.')
  const result = spawnSync('vite', ['build', folder, '--logLevel', 'warn'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: childEnvironment(),
  })
  if (result.error) fail(`Cannot build the console: ${result.error.message}`)
  if (result.status !== 0) fail(`Cannot build the console: exit code ${result.status}`)
}

function newest(path) {
  let latest = 0
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name === 'node_modules') continue
    const inner = join(path, entry.name)
    latest = Math.max(latest, entry.isDirectory() ? newest(inner) : statSync(inner).mtimeMs)
  }
  return latest
}
