/**
 * The house rules, as a test. Each rule is a function from files to complaints; it is run over the
 * repository, and over a planted violation that it has to name, so that no rule can go blind
 * unnoticed.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bannedCalls } from './tidy/calls.ts'
import { importCycles } from './tidy/cycles.ts'
import { oneTitle, relativeLinks } from './tidy/documents.ts'
import { importDirections } from './tidy/imports.ts'
import { lintOverrides, type LintOverride } from './tidy/lint.ts'
import {
  fileSizes,
  leftovers,
  lockedAddresses,
  lockedPlatforms,
  machineTraces,
  openingComments,
} from './tidy/shape.ts'
import { readTexts, type TextFile } from './tidy/source.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const files = readTexts(root)

type Rule = (files: readonly TextFile[]) => string[]

function file(path: string, text: string): TextFile {
  return { path, text }
}

/** The repository has no complaint, each bad sample has exactly one, and the good samples have none. */
function rule(name: string, check: Rule, samples: { bad: TextFile[]; good?: TextFile[] }): void {
  suite(name, () => {
    test('holds in this repository', () => {
      assert.deepEqual(check(files), [])
    })
    for (const bad of samples.bad) {
      test(`names a violation planted in ${bad.path}`, () => {
        const complaints = check([bad])
        assert.equal(complaints.length, 1, complaints.join('\n'))
        assert.ok(complaints[0]?.includes(bad.path), complaints[0])
      })
    }
    test('is silent about what is allowed', () => {
      assert.deepEqual(check(samples.good ?? []), [])
    })
  })
}

rule('imports run one way', importDirections, {
  bad: [
    file('src/domain/scope.ts', "import { revoke } from '../core/revoke.ts'"),
    file('src/domain/alive.ts', "import { createHash } from 'node:crypto'"),
    file('src/protocol/feed.ts', "export * from 'jose'"),
    file('src/core/login.ts', "import type { App } from '../http/app.ts'"),
    file('src/ports/clock.ts', "export type Core = import('../core/core.ts').Core"),
    file('src/stores/lazy.ts', "const revoke = await import('../core/revoke.ts')"),
    file('src/guard/guard.ts', "import { setTimeout } from 'node:timers/promises'"),
    file('src/guard/replica.ts', "import ws from 'ws'"),
    file('src/guard/adapters/koa.ts', "import koa from 'koa'"),
    file('src/http/dialects/matar/act.ts', "import { parse } from '../baanx/parse.ts'"),
    file('src/http/dialects/octopus.ts', "import { time } from './direct-link.ts'"),
    file('src/http/surfaces/feed/index.ts', "import { page } from '../admin/page.ts'"),
    file('src/attic/old.ts', "import './older.ts'"),
    file('src/http/store.ts', "import type { CoreDependencies } from '../core/dependencies.ts'"),
  ],
  good: [
    file('src/domain/scope.test.ts', "import { revoke } from '../core/revoke.ts'"),
    file('src/core/login.ts', "import type { Session } from '../domain/session.ts'"),
    file('src/guard/adapters/node.ts', "import type { IncomingMessage } from 'node:http'"),
    file('src/guard/adapters/hono.ts', "import type { Context } from 'hono/utils'"),
    file('src/http/dialects/matar/act.ts', "import { x } from '../../problem.ts'"),
    file('src/server/compose.ts', "import { app } from '../http/app.ts'"),
  ],
})

rule('no file is loaded by itself', importCycles, {
  bad: [file('src/core/own.ts', "import { own } from './own.ts'")],
  good: [
    file('src/core/one.ts', "import { two } from './two.ts'"),
    file('src/core/two.ts', "import type { One } from './one.ts'"),
  ],
})

rule('time, chance and output are passed in', bannedCalls, {
  bad: [
    file('src/core/login.ts', 'export const now = Date.now()'),
    file('src/core/sweep.ts', 'export const now = new Date()'),
    file('src/guard/lease.ts', 'export const now = globalThis.performance.now()'),
    file('src/http/app.ts', 'export const now = process.hrtime.bigint()'),
    file('src/stores/open.ts', "console.log('open')"),
    file('src/server/jitter.ts', 'export const chance = Math.random()'),
  ],
  good: [
    file(
      'src/core/sweep.ts',
      "// Date.now()\nexport const at = new Date(0), text = 'Math.random()'",
    ),
    file('src/server/system-clock.ts', 'export const now = () => Date.now()'),
    file('src/guard/clock.ts', 'export const now = () => performance.now()'),
    file('src/cli/main.ts', "console.log('hello')"),
    file('src/core/login.test.ts', 'Date.now()'),
  ],
})

rule('files stay short', fileSizes, {
  bad: [
    file('src/core/all.ts', 'x()\n'.repeat(401)),
    file('test/spec/all.test.ts', 'x()\n'.repeat(601)),
  ],
  good: [
    file('src/core/some.ts', 'x()\n'.repeat(400)),
    file('src/core/some.test.ts', 'x()\n'.repeat(600)),
    file('package-lock.json', '\n'.repeat(5000)),
  ],
})

rule('a folder says what it owns', openingComments, {
  bad: [
    file('src/attic/index.ts', 'export {}'),
    file('src/attic/attic.ts', "import './x.ts'\n/** Too late. */"),
  ],
  good: [
    file('src/attic/index.ts', '/** Old things. */\nexport {}'),
    file('src/cli/main.ts', '#!/usr/bin/env node\n/** The command line. */'),
  ],
})

rule('nothing is left for later', leftovers, {
  bad: [file('src/core/login.ts', `// ${'TO'}DO: think`)],
  good: [file('src/core/login.ts', '// Nothing to do here.')],
})

rule('no trace of one machine', machineTraces, {
  bad: [
    file('docs/install.md', `Unpack it in /${'home'}/maria.`),
    file('bench/run.ts', `const out = '/${'work'}/out.json'`),
    file('.npmrc', `registry=https://${'registry'}.${'npmjs'}.org/`),
  ],
  good: [file('docs/install.md', 'See ../work/plan.md, https://example.com/home/x and ./data.')],
})

rule('the lock names no addresses', lockedAddresses, {
  bad: [file('package-lock.json', '"resolved": "https://packages.example/a.tgz",')],
  good: [file('package-lock.json', '"resolved": "console",\n"link": true')],
})

rule('the lock knows every platform', lockedPlatforms, {
  bad: [
    file(
      'package-lock.json',
      '{"packages":{"node_modules/a":{"optionalDependencies":{"b":"1.0.0"}}}}',
    ),
  ],
  good: [
    file(
      'package-lock.json',
      '{"packages":{"node_modules/a":{"optionalDependencies":{"b":"1.0.0"}},"node_modules/b":{}}}',
    ),
  ],
})

rule('a document has one title', oneTitle, {
  bad: [file('docs/none.md', '## Only a part\n'), file('docs/two.md', '# One\n\n# Two\n')],
  good: [file('docs/one.md', '# One\n\n```sh\n# a comment\n```\n')],
})

rule('links lead somewhere', (given) => relativeLinks(root, given), {
  bad: [
    file('docs/lost.md', '# Lost\n\nSee [the plan](./no-such-plan.md#part).\n'),
    file('docs/lost-too.md', '# Lost\n\nSee [the plan][1].\n\n[1]: no-such-plan.md\n'),
  ],
  good: [
    file('docs/found.md', '# Found\n\n[home](../package.json), [part](#part), `[no](link.md)`\n'),
    file('docs/web.md', '# Web\n\n[web](https://example.com/x.md) and <mailto:a@example.com>\n'),
  ],
})

test('the first hour that ARCHITECTURE.md names is under 1,000 lines', () => {
  const text = files.find(({ path }) => path === 'ARCHITECTURE.md')?.text ?? ''
  const [paragraph = ''] = /^A first hour[^]*?\n\n/m.exec(text) ?? []
  const paths = [...paragraph.matchAll(/`(src\/[^`]+)`/g)].map(([, path]) => path)
  assert.ok(paths.length > 4, 'it names files')
  const lines = paths.map((path) => {
    const named = files.find((one) => one.path === path)
    assert.ok(named, `${path} is not there`)
    return named.text.split('\n').length - 1
  })
  assert.ok(lines.reduce((sum, count) => sum + count) < 1000, lines.join(' + '))
})

test('the linter holds the same import table', () => {
  const config = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')) as {
    overrides: LintOverride[]
  }
  const held = config.overrides.filter(({ rules }) => Array.isArray(rules['no-restricted-imports']))
  assert.deepEqual(held, lintOverrides())
})
