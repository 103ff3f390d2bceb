/**
 * `npm test` and `npm run check`: everything that must hold before a change is merged.
 *
 *     npm test                                   all checks, in order, with a summary
 *     npm test -- --only format,lint             some of them
 *     npm test -- src/guard test/tidy.test.ts    only the tests in these files and folders
 *
 * Options that start with `--test-` go to Node's test runner as they are.
 */
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureConsole } from './console.mjs'
import { ensurePackages, fail, pinnedNode, root, say } from './packages.mjs'
import { run } from './run.mjs'
import { ensureRuntimes } from './runtimes.mjs'
import { ensureSystemPackages, missingSystemPackages } from './system-packages.mjs'
import { groupTests, testsBelow } from './test-groups.mjs'

const request = parse(process.argv.slice(2))

/** What checks keep for the next run. Another plugin or compiler finds none of it. */
const cache = join('node_modules', '.cache', 'outright-checks', lockHash())

const checks = [
  {
    name: 'format',
    command: 'prettier',
    args: [
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-strategy=content',
      `--cache-location=${join(cache, 'prettier')}`,
      '.',
    ],
  },
  { name: 'lint', command: 'oxlint', args: ['--deny-warnings'] },
  {
    name: 'types',
    command: 'tsc',
    args: ['--noEmit', '--incremental', '--tsBuildInfoFile', join(cache, 'types.tsbuildinfo')],
  },
  { name: 'scripts', command: 'tsc', args: ['--noEmit', '--project', 'tsconfig.pages.json'] },
  { name: 'console', command: 'tsc', args: ['--noEmit', '-p', 'packages/console'] },
  { name: 'knip', command: 'knip', args: ['--no-progress', '--no-config-hints'] },
  {
    name: 'tests',
    command: pinnedNode,
    // Asked for when it is their turn: the run has a temporary folder then.
    get args() {
      return testArguments()
    },
  },
]

const chosen = choose()
ensurePackages()
if (chosen.some((check) => check.name === 'tests')) prepareForTests()
process.exitCode = await inTemporaryFolder(runAll)

/**
 * Gives the run a temporary folder of its own and removes it at the end, whatever a test that
 * failed or was killed has left there. What is to be kept goes beside it, to `TEST_KEPT_DIR`.
 */
async function inTemporaryFolder(work) {
  const kept = tmpdir()
  const folder = mkdtempSync(join(kept, 'outright-test-run-'))
  // PostgreSQL runs as a user of its own where the tests run as root.
  chmodSync(folder, 0o755)
  Object.assign(process.env, {
    TMPDIR: folder,
    TEST_KEPT_DIR: kept,
    // Hundreds of processes and threads load the same sources: they are compiled once.
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
  })
  try {
    return await work()
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/**
 * Every check runs, also after one has failed: one run tells all that is wrong. Those that read the
 * sources run side by side, the tests after them by themselves.
 */
async function runAll() {
  const tests = chosen.filter((check) => check.name === 'tests')
  const readers = chosen.filter((check) => check.name !== 'tests').map(runQuietly)
  const results = []
  for (const ask of [...readers, ...tests.map((check) => () => runCheck(check))]) {
    const result = await ask()
    results.push(result)
    // 130 and 143: the run was ended, by Ctrl-C or a signal; going on would ignore that.
    if (result.code === 130 || result.code === 143) return result.code
  }
  process.stdout.write('\n━━ summary ━━\n')
  for (const { name, code, seconds } of results) {
    const verdict = code === 0 ? 'ok    ' : 'FAILED'
    process.stdout.write(`${verdict}  ${name.padEnd(8)} ${seconds.toFixed(1)} s\n`)
  }
  return results.every((result) => result.code === 0) ? 0 : 1
}

/** Starts a check at once. What it prints is shown when its result is asked for. */
function runQuietly(check) {
  const printed = []
  const running = timed(check, (chunk) => printed.push(chunk))
  return async () => {
    const result = await running
    process.stdout.write(`\n━━ ${check.name} ━━\n`)
    process.stdout.write(Buffer.concat(printed))
    return result
  }
}

function runCheck(check) {
  process.stdout.write(`\n━━ ${check.name} ━━\n`)
  return timed(check)
}

async function timed({ name, command, args }, write) {
  const started = performance.now()
  const code = await run(command, args, write)
  return { name, code, seconds: (performance.now() - started) / 1000 }
}

function testArguments() {
  return [
    '--conditions=outright-source',
    '--import=./tools/test-deadline.mjs',
    '--test',
    '--test-reporter=spec',
    // For two cores: tests of leases, frozen processes and disks wait for a good part of their time.
    '--test-concurrency=4',
    '--test-timeout=600000',
    ...request.runner,
    ...testFiles(),
  ]
}

/** The unit tests in `src` come last: they are short, so that no core is long idle at the end. */
function testFiles() {
  const paths = request.paths.length > 0 ? request.paths : ['test', 'src']
  // A filter by name finds what is in suites, and not what is in tests.
  if (request.runner.length > 0) {
    return paths.map((path) => (isFolder(path) ? `${path.replace(/\/+$/, '')}/**/*.test.ts` : path))
  }
  const folder = mkdtempSync(join(tmpdir(), 'test-groups-'))
  const grouped = groupTests(paths.filter(isFolder), folder)
  return [...grouped, ...paths.filter((path) => !isFolder(path))]
}

/**
 * Tests in browsers need the console, which takes a second to build and nothing where it is built.
 * A whole run also gets its system packages installed; a run of single files only hears what is
 * missing.
 */
function prepareForTests() {
  if (request.paths.length === 0) {
    ensureSystemPackages()
    ensureRuntimes()
    ensureConsole()
    return
  }
  ensureConsole()
  // Without a file Node's runner would look for some by itself.
  const empty = request.paths.filter((path) => isFolder(path) && testsBelow(path).length === 0)
  if (empty.length > 0) fail(`There is no test below ${empty.join(', ')}.`)
  const missing = missingSystemPackages().map((row) => row.package)
  if (missing.length > 0) {
    say(`Not installed: ${missing.join(', ')}. "npm test" without a path installs them.`)
  }
}

function choose() {
  const names = request.only ?? (request.paths.length > 0 ? ['tests'] : checks.map((c) => c.name))
  return names.map((name) => {
    const known = checks.map((check) => check.name)
    return (
      checks.find((check) => check.name === name) ??
      fail(`There is no check "${name}"; there are ${known.join(', ')}.`)
    )
  })
}

function parse(words) {
  const parsed = { only: undefined, paths: [], runner: [] }
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (word === '--only') parsed.only = (words[++at] ?? '').split(',')
    else if (word.startsWith('--only=')) parsed.only = word.slice('--only='.length).split(',')
    else if (word.startsWith('--test-')) parsed.runner.push(word)
    else if (word.startsWith('-'))
      fail(`Unknown option ${word}; the start of tools/test.mjs lists them.`)
    else parsed.paths.push(word)
  }
  return parsed
}

function lockHash() {
  const lock = readFileSync(join(root, 'package-lock.json'))
  return createHash('sha256').update(lock).digest('hex').slice(0, 16)
}

function isFolder(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() ?? false
}
