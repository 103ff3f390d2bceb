/**
 * The tests of the dialects say nothing of how many nodes serve, or on what: by themselves they run
 * on one node on SQLite. Here they run on one node on PostgreSQL, and with every call going to the
 * next of three nodes.
 *
 * What a dialect asks of a store is in the stores' own suite. So one node answers what the
 * documents show, and three answer each dialect's logins, refreshes and logouts.
 * `OUTRIGHT_TEST_EVERYTHING=1` runs all files on both. With them runs the list of receivers, which
 * is put together from configuration, registry and what is stored.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { after, suite, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { startCluster } from '../../src/testing/postgres.ts'

const folder = fileURLToPath(new URL('../dialects/', import.meta.url))
const allFiles = readdirSync(folder).filter((name) => name.endsWith('.test.ts'))
const everything = process.env['OUTRIGHT_TEST_EVERYTHING'] === '1'
const dialects = readdirSync(fileURLToPath(new URL('../../src/http/dialects/', import.meta.url)))

/** Named after the dialect alone, or after its logins, its logouts or its OAuth calls. */
const core = new RegExp(
  `^(?:${dialects.join('|')})(?:-(?:login|logout|oauth)[a-z-]*)?\\.test\\.ts$`,
)
const others = ['../admin/receivers.test.ts']
const chosen = (isChosen: (name: string) => boolean): readonly string[] => [
  ...allFiles.filter((name) => everything || isChosen(name)),
  ...others,
]
const files = {
  postgres: chosen((name) => name.startsWith('docs-')),
  nodes: chosen((name) => core.test(name)),
}

// Crashes are tried elsewhere: nothing here has to be on the disk.
const cluster = await startCluster({ settings: { fsync: 'off', max_connections: '400' } })
after(() => cluster.stop())

interface Outcome {
  readonly code: number | null
  readonly failures: string
}

async function run(arrangement: keyof typeof files): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    [
      // A suite whose set-up failed may leave a server listening: it must not hold this one up.
      '--test-force-exit',
      '--test-reporter=tap',
      '--input-type=module',
      '--eval',
      inOneProcess(files[arrangement]),
    ],
    {
      env: {
        ...environment(),
        OUTRIGHT_TEST_STORE: arrangement,
        OUTRIGHT_TEST_DATABASE_URL: await cluster.createDatabase(),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let text = ''
  child.stdout.on('data', (piece: Buffer) => {
    text += piece.toString()
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, failures: failuresIn(text) }
}

/** Each file is one test there, as in `tools/test-groups.mjs`. */
function inOneProcess(names: readonly string[]): string {
  const tests = names.map((name) => {
    const url = pathToFileURL(`${folder}${name}`).href
    return `test(${JSON.stringify(name)}, () => import(${JSON.stringify(url)}))\n`
  })
  return `import { test } from 'node:test'\n${tests.join('')}`
}

/** A test runner that knows that it was started by another one reports to that one. */
function environment(): Record<string, string | undefined> {
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env
  return rest
}

/** What failed, each with its reason. */
function failuresIn(tap: string): string {
  return tap
    .split(/^(?= *(?:not )?ok )/m)
    .filter((part) => /^ *not ok /.test(part))
    .map((part) => part.split('\n').slice(0, 24).join('\n'))
    .join('\n')
}

suite('the dialects on PostgreSQL', { concurrency: 2 }, () => {
  for (const arrangement of ['postgres', 'nodes'] as const) {
    const these = files[arrangement]
    test(`${String(these.length)} files of tests pass: ${arrangement}`, async () => {
      for (const dialect of dialects) {
        // The documents of Adobe Pass are tried by `docs-adobe`.
        const [product = ''] = dialect.split('-')
        const isThere = these.some((name) => name.includes(product))
        assert.ok(isThere, dialect)
      }
      const { code, failures } = await run(arrangement)
      assert.equal(code, 0, failures.slice(0, 20_000))
    })
  }
})
