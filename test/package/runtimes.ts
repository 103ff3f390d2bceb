import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, suite, test } from 'node:test'
import { build } from 'esbuild'
import { logIn } from '../guard/log-in.ts'
import type { TestServer } from '../harness.ts'
import { addConsumers, command, consumers, type Packed } from './packed.ts'
import { commonJs, esModule, jestTest, printed } from './programs.ts'

/** Every Node of a version before 22 that this machine has. */
const old = ['/usr/bin/node', '/usr/local/bin/node'].find((path) =>
  spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout?.startsWith('v20.'),
)

/** The packed guard at work: it accepts, hears of the logout, and refuses, wherever it runs. */
export function describeRuntimes(packed: () => Packed, server: () => TestServer): void {
  suite('the guard that was installed', () => {
    before(async () => {
      const { project } = packed()
      await addConsumers(project)
      await writeFile(join(project, 'package.json'), '{ "private": true }')
      await writeFile(join(project, 'program.mjs'), esModule)
      await writeFile(join(project, 'program.cjs'), commonJs)
    })

    const prints = async (file: string, ...args: string[]): Promise<void> => {
      const { token } = await logIn(server())
      const words = [...args, server().url, token]
      assert.equal(await command(file, words, { cwd: packed().project }), printed)
    }

    for (const [form, program] of [
      ['an ES module', 'program.mjs'],
      ['CommonJS', 'program.cjs'],
    ] as const) {
      test(`works in Node as ${form}`, () => prints(process.execPath, program))
      test(
        `works in Node 20 as ${form}`,
        { skip: old === undefined ? 'this machine has none' : false },
        () => prints(old!, program),
      )
      test(`works in Bun as ${form}`, async () => prints(await binary('@oven', 'bin/bun'), program))
      test(`works in Deno as ${form}`, async () =>
        prints(await binary('@deno', 'deno'), 'run', '--allow-all', program))
    }

    test('works as one file of esbuild, for browsers, in a worker', async () => {
      const { project } = packed()
      await build({
        absWorkingDir: project,
        entryPoints: ['program.mjs'],
        outfile: 'bundle.mjs',
        bundle: true,
        format: 'esm',
        platform: 'browser',
        // The adapter for Express is one of Node's; the rest needs the web alone.
        external: ['node:http'],
        logLevel: 'silent',
      })
      const start = `
        import { Worker } from 'node:worker_threads'
        new Worker(new URL('bundle.mjs', import.meta.url), { argv: process.argv.slice(2) })`
      await writeFile(join(project, 'start.mjs'), start)
      await prints(process.execPath, 'start.mjs')
    })

    test('works in Jest 30, with ts-jest and without', async () => {
      const folder = join(packed().project, 'with-jest')
      await mkdir(folder)
      const plain = jestTest
        .replaceAll(/import (\{.*\}) from (.*)/g, 'const $1 = require($2)')
        .replaceAll(/: string|!(?=\n)/g, '')
      await writeFile(join(folder, 'plain.test.js'), plain)
      await writeFile(join(folder, 'typed.test.ts'), jestTest)
      await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }')
      const compilerOptions = { module: 'commonjs', target: 'es2022', strict: true }
      await writeFile(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ compilerOptions: { ...compilerOptions, types: ['jest', 'node'] } }),
      )
      const transform = { '\\.ts$': 'ts-jest' }
      await writeFile(
        join(folder, 'jest.config.json'),
        JSON.stringify({ testEnvironment: 'node', testTimeout: 240_000, transform }),
      )
      for (const kind of ['plain', 'typed']) {
        const { token } = await logIn(server())
        const jest = join(consumers, 'node_modules', 'jest', 'bin', 'jest.js')
        await command(process.execPath, [jest, '--runInBand', kind], {
          cwd: folder,
          env: { ...process.env, SERVER: server().url, TOKEN: token, NODE_OPTIONS: '' },
        })
      }
    })
  })
}

/** The program itself: npm brings one for each platform, and only that of this machine. */
async function binary(scope: string, path: string): Promise<string> {
  const folder = join(consumers, 'node_modules', scope)
  const programs = (await readdir(folder)).map((name) => join(folder, name, path))
  return (
    programs.find((program) => spawnSync(program, ['--version']).status === 0) ??
    assert.fail(`none of ${programs.join(', ')} runs here`)
  )
}
