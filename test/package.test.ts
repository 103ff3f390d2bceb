/**
 * What is published, as a stranger gets it: everything that `exports` names is there, the guard and
 * the client bring nothing along, and strict projects compile against it however they resolve.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { createGuard as createGuardOfSources } from '../src/guard/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

interface Entry {
  readonly types: string
  readonly default: string
}

let project: string
let installed: string
let entries: ReadonlyMap<string, Entry>

before(async () => {
  project = await mkdtemp(join(tmpdir(), 'outright-package-'))
  installed = join(project, 'node_modules', 'outright')
  await mkdir(installed, { recursive: true })
  await compile('-p', join(root, 'tsconfig.build.json'), '--outDir', join(installed, 'dist'))
  const manifest = await readFile(join(root, 'package.json'), 'utf8')
  await writeFile(join(installed, 'package.json'), manifest)
  const { exports } = JSON.parse(manifest) as { exports: Record<string, Entry | string> }
  entries = new Map(
    Object.entries(exports).flatMap(([name, entry]) =>
      typeof entry === 'string' ? [] : [[name, entry]],
    ),
  )
  for (const name of ['jose', 'express', 'fastify', 'hono', '@types']) {
    await symlink(join(root, 'node_modules', name), join(project, 'node_modules', name))
  }
})

after(() => rm(project, { recursive: true, force: true }))

suite('the package', () => {
  test('has every file that it names, and every file that those import', async () => {
    for (const { types, default: code } of entries.values()) {
      await importsOf(join(installed, types))
      await importsOf(join(installed, code))
    }
  })

  test('asks for jose and web standards alone, and for Node where an adapter is named after it', async () => {
    const wanted: Readonly<Record<string, readonly string[]>> = {
      './guard': ['jose'],
      './guard/hono': [],
      './guard/node': ['node:http'],
      './guard/express': ['node:http'],
      './guard/fastify': ['node:http'],
      './client': [],
    }
    for (const [name, packages] of Object.entries(wanted)) {
      const { default: code } = entries.get(name) ?? assert.fail(`"${name}" is not exported`)
      assert.deepEqual(await importsOf(join(installed, code)), packages, name)
    }
  })

  test('runs: the guard refuses what it does not know', async () => {
    const { default: code } = entries.get('./guard') ?? assert.fail()
    const { createGuard } = (await import(pathToFileURL(join(installed, code)).href)) as {
      readonly createGuard: typeof createGuardOfSources
    }
    const connect = () => ({ send: () => undefined, close: () => undefined })
    const guard = createGuard({ server: 'http://auth.example', credential: 'x', connect })
    assert.deepEqual(await guard.check(undefined), { ok: false, reason: 'missing' })
    assert.deepEqual(await guard.check('x.y.z'), { ok: false, reason: 'stale' })
    guard.close()
  })

  for (const [moduleResolution, module] of [
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ] as const) {
    test(`compiles in a strict project that resolves by "${moduleResolution}"`, async () => {
      await writeFile(join(project, 'package.json'), '{ "type": "module" }')
      await writeFile(join(project, 'consumer.ts'), consumer)
      const compilerOptions = {
        module,
        moduleResolution,
        target: 'es2023',
        lib: ['es2023', 'dom'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: true,
        noEmit: true,
      }
      const configuration = join(project, `tsconfig.${moduleResolution}.json`)
      await writeFile(configuration, JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
      await compile('-p', configuration)
    })
  }
})

const consumer = `
import { createServer } from 'node:http'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { createGuard, type Guard, type Verdict } from 'outright/guard'
import * as forExpress from 'outright/guard/express'
import * as forFastify from 'outright/guard/fastify'
import { protect as protectHono, type GuardEnv } from 'outright/guard/hono'
import { protect, protectUpgrade } from 'outright/guard/node'
import { createClient, watchSessionTabs } from 'outright/client'

export const guard: Guard = createGuard({ server: 'https://auth.example', credential: 'x' })
export const verdict: Verdict = await guard.check('x', { audience: 'a', onStale: 'ask' })
export const subject: string = verdict.ok ? verdict.claims.sub : verdict.reason
express().get('/', forExpress.protect(guard, { scope: 'a' }), (request, response) => {
  response.json(forExpress.claimsOf(request).sub)
})
fastify().get('/', { onRequest: forFastify.protect(guard) }, (request) => forFastify.claimsOf(request))
new Hono<GuardEnv>().get('/', protectHono(guard), (context) => context.text(context.get('claims').sub))
createServer((request, response) => void protect(guard, request, response, { onStale: 'allow' })).on(
  'upgrade',
  (request, socket) => void protectUpgrade(guard, request, socket),
)
export const outright = createClient({ server: 'https://auth.example', token: 'x' })
await watchSessionTabs({ server: 'x', token: () => undefined, onSignedOut: () => undefined })
`

/** The packages and Node's modules that a file imports, by whatever it imports of its own. */
async function importsOf(file: string, seen = new Set<string>()): Promise<readonly string[]> {
  const packages = new Set<string>()
  const visit = async (path: string): Promise<void> => {
    if (seen.has(path)) return
    seen.add(path)
    assert.ok(existsSync(path), `${path} is not there`)
    // Comments hold examples.
    const text = (await readFile(path, 'utf8')).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    for (const [, specifier = ''] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)) {
      if (!specifier.startsWith('.')) packages.add(specifier)
      else await visit(target(path, specifier))
    }
  }
  await visit(file)
  return [...packages].toSorted()
}

/** Declarations name the sources that they were made from. */
function target(path: string, specifier: string): string {
  const file = resolve(dirname(path), specifier)
  return path.endsWith('.d.ts') ? file.replace(/(\.d)?\.[jt]s$/, '.d.ts') : file
}

async function compile(...parameters: string[]): Promise<void> {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  try {
    await run(process.execPath, [compiler, ...parameters])
  } catch (error) {
    assert.fail(String((error as { stdout?: unknown }).stdout ?? error))
  }
}
