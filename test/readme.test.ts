/** The README's lines work when pasted: every `sh` block runs in bash against a real server. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startTestServer, type TestServer } from './harness.ts'

const run = promisify(execFile)
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const blocks = [...readme.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block)
const root = fileURLToPath(new URL('..', import.meta.url))

let server: TestServer
before(async () => {
  // The lease of the guard that is pasted does not end because the machine is busy.
  server = await startTestServer({ config: { leaseMs: 60_000 } })
})
after(() => server.close())

describe('README', () => {
  test('has a block for each dialect, one for a guard and one for the operator', () => {
    assert.equal(blocks.length, 7)
  })

  for (const [index, block] of blocks.entries()) {
    const [, title = ''] = /https?:\S+|outright \S+/.exec(block) ?? []
    test(`block ${String(index + 1)} ${title}works when pasted`, async () => {
      const script = block.replaceAll('http://127.0.0.1:8080', server.url)
      const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], {
        cwd: root,
        env: { ...process.env, OUTRIGHT_URL: server.url },
      })
      const expected = /# → (.*)\n/.exec(block)?.[1]
      if (expected === undefined) return
      const printed = stdout.trimEnd().split('\n').at(-1) ?? ''
      assert.ok(printed.endsWith(expected), `printed ${printed}, README says ${expected}`)
    })
  }
})
