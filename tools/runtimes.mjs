/**
 * Installs the other runtimes on which the guard is tested, into `test/runtimes`: two hundred
 * megabytes that only those tests need. They are optional packages, so other platforms go without.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { childEnvironment, fail, root, say } from './packages.mjs'

const folder = join(root, 'test', 'runtimes')

export function ensureRuntimes() {
  const { optionalDependencies } = readManifest(folder)
  const isComplete = Object.entries(optionalDependencies).every(([name, version]) => {
    const installed = join(folder, 'node_modules', name)
    return existsSync(installed) && readManifest(installed).version === version
  })
  if (isComplete || process.platform !== 'linux' || process.arch !== 'x64') return
  say('Installing Bun and Deno for the tests of the guard.')
  const result = spawnSync(
    'npm',
    [
      'install',
      '--no-package-lock',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
    ],
    { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'], env: childEnvironment() },
  )
  if (result.status !== 0) fail(`Cannot install Bun and Deno: exit code ${result.status}`)
}

function readManifest(path) {
  return JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
}
