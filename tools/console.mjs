/** Builds the console's static files when they are missing or older than their sources. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { childEnvironment, fail, root, say } from './packages.mjs'

const folder = join(root, 'console')
const built = join(folder, 'dist', 'index.html')

/** Does nothing while the checkout has no console that needs a build. */
export function ensureConsole() {
  if (!existsSync(join(folder, 'vite.config.ts'))) return
  if (existsSync(built) && statSync(built).mtimeMs >= newest(folder)) return
  buildConsole()
}

export function buildConsole() {
  if (!existsSync(join(folder, 'vite.config.ts'))) return
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
