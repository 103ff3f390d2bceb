/**
 * Brings the npm packages of this checkout up to date with package-lock.json.
 *
 * Plain JavaScript without dependencies: it runs before anything is installed, on any Node from 18
 * up.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

const bin = join(root, 'node_modules', '.bin')

/** The Node that the project is written for; older system versions only bootstrap it. */
export const pinnedNode = join(root, 'node_modules', 'node', 'bin', 'node')

/** The environment for every child: the pinned Node and the project's own tools come first. */
export function childEnvironment() {
  const env = { ...process.env }
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  env[key] = [bin, env[key]].filter(Boolean).join(delimiter)
  return env
}

/** Installs what is missing or out of date. Says what it does; prints nothing when all is well. */
export function ensurePackages() {
  const reason = whyInstall()
  if (reason) {
    say(`Installing npm packages (${reason}). This takes a minute or two.`)
    const started = performance.now()
    requireWritable()
    npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
    say(`Packages installed in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
  }
  // A user whose npm ignores install scripts has every package but the binary of this one.
  if (!existsSync(pinnedNode)) {
    say(`Fetching Node ${wantedNode()}, which the project runs on.`)
    npm(['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'])
  }
  if (!existsSync(pinnedNode)) {
    fail(`Cannot find ${pinnedNode}. Remove node_modules and run "npm ci --ignore-scripts=false".`)
  }
}

/** Prints one line about what is being done. */
export function say(line) {
  process.stderr.write(`outright: ${line}\n`)
}

/** One line, then the end. */
export function fail(line) {
  say(line)
  process.exit(1)
}

/**
 * Compares what npm recorded inside node_modules with the lock. npm writes its record last, so an
 * install that was cut short has none and is done again.
 */
function whyInstall() {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (!installed) return 'none are installed'
  const wanted = readPackages(join(root, 'package-lock.json'))
  if (!wanted) fail('Cannot read package-lock.json. Is this a whole checkout?')
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.optional || entry.link) continue
    if (installed[path]?.version !== entry.version) return 'package-lock.json has changed'
  }
  return undefined
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

function wantedNode() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node
}

function requireWritable() {
  try {
    accessSync(root, constants.W_OK)
  } catch {
    fail(`Cannot install packages: ${root} is not writable by this user.`)
  }
}

function npm(args) {
  // Started by npm: use that very npm. Started as "node tools/start.mjs": the one on the path.
  const own = process.env.npm_execpath
  const viaNode = own !== undefined && /npm-cli\.c?js$/.test(own)
  const [command, rest] = viaNode ? [process.execPath, [own, ...args]] : ['npm', args]
  const result = spawnSync(command, rest, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (result.error) fail(`Cannot run npm: ${result.error.message}`)
  if (result.status !== 0)
    fail(`"npm ${args[0]}" failed with exit code ${result.status ?? result.signal}.`)
}
