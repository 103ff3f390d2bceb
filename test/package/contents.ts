import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFile, readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { suite, test } from 'node:test'
import rootManifest from '../../package.json' with { type: 'json' }
import { importsOf } from './imports-of.ts'
import type { Packed } from './packed.ts'

const oneMegabyte = 1_000_000

/** What an installation of the guard consists of. */
export function describeGuardPackage(packed: () => Packed): void {
  suite('a project that installs the guard', () => {
    test('gets two packages, under 2 MB', async () => {
      const lock = JSON.parse(
        await readFile(join(packed().project, 'package-lock.json'), 'utf8'),
      ) as {
        packages: object
      }
      assert.deepEqual(
        Object.keys(lock.packages).filter((path) => path !== ''),
        ['node_modules/jose', 'node_modules/outright'],
      )
      const bytes = await bytesBelow(join(packed().project, 'node_modules'))
      assert.ok(bytes < 2 * oneMegabyte, `${bytes} bytes`)
    })

    test('gets nothing that is not used: no tests, no maps, no file that nothing imports', async () => {
      const folder = join(packed().project, 'node_modules', 'outright')
      const reached = new Set<string>()
      for (const file of entryPoints()) await importsOf(join(folder, file), reached)
      const unused = (await filesBelow(folder))
        .filter((file) => !reached.has(file))
        .map((file) => relative(folder, file))
      assert.deepEqual(unused.toSorted(), [
        'CHANGELOG.md',
        'LICENSE',
        'README.md',
        'bin/outright.js',
        'dist/cjs/jose.LICENSE.md',
        'dist/cjs/package.json',
        'package.json',
      ])
    })

    test('is asked for jose and web standards alone: for ws where Node is old, for Node where an adapter is named after it', async () => {
      const wanted: Readonly<Record<string, readonly string[]>> = {
        './guard': ['jose', 'ws'],
        './guard/hono': [],
        './guard/node': ['node:http'],
        './guard/express': ['node:http'],
        './guard/fastify': ['node:http'],
        './client': [],
      }
      const exported = rootManifest.exports as unknown as Record<string, { default: string }>
      for (const [name, packages] of Object.entries(wanted)) {
        const code = exported[name]?.default ?? assert.fail(`"${name}" is not exported`)
        assert.deepEqual(
          await importsOf(join(packed().project, 'node_modules/outright', code)),
          packages,
          name,
        )
      }
    })

    test('hears from the command what to install', async () => {
      const { status, stderr } = spawnSync(
        join(packed().project, 'node_modules', '.bin', 'outright'),
        ['serve'],
        { encoding: 'utf8', cwd: packed().project },
      )
      assert.equal(
        stderr,
        'outright: cannot run "outright serve": the server and its command are a package of their own. ' +
          `Install it: npm install outright-server@${rootManifest.version}\n`,
      )
      assert.equal(status, 1)
    })
  })
}

/** Every file that `exports` names: code and declarations, in both forms. */
function entryPoints(): string[] {
  const named = (value: unknown): string[] =>
    typeof value === 'string'
      ? [value]
      : Object.entries(value as object).flatMap(([condition, inner]) =>
          condition === 'outright-source' ? [] : named(inner),
        )
  return named(rootManifest.exports).filter((file) => !file.endsWith('.json'))
}

export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function bytesBelow(folder: string): Promise<number> {
  const sizes = (await filesBelow(folder)).map(async (file) => (await stat(file)).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
