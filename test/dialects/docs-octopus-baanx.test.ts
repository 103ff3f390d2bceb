/**
 * The two pages of documentation, as a test: their shell lines are run as they would be pasted, and
 * have to print what the page says.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { startTestServer, type TestServer } from '../harness.ts'

const run = promisify(execFile)
const documentedUrl = 'http://127.0.0.1:8080'
const mark = '---- next ----'

const pages = ['octopus', 'baanx']

let server: TestServer
before(async () => {
  // On whatever port: the walkthrough must not depend on the usual one.
  server = await startTestServer({ publicUrlIsOwn: true })
})
after(() => server.close())

for (const name of pages) {
  suite(`docs/dialects/${name}.md`, () => {
    test('its shell lines, pasted in order, print what it says', async () => {
      const text = await page(name)
      const examples = [...text.matchAll(/```sh\n([^]*?)```\n\n```text\n([^]*?)```/g)]
      assert.equal(examples.length, text.split('```sh').length - 1, 'an example without its output')
      const script = examples.map(([, lines]) => `${lines}echo '${mark}'\n`).join('')
      const pasted = script.replaceAll(documentedUrl, server.url)
      const { stdout } = await run('bash', ['-eu', '-c', pasted], { timeout: 30_000 })
      const printed = stdout.split(mark)
      for (const [index, [, , expected = '']] of examples.entries()) {
        assert.match((printed[index] ?? '').trim(), pattern(expected.trim()))
      }
    })
  })
}

test('the Octopus page has every documented error, with its exact words', async () => {
  const text = await page('octopus')
  for (const words of [
    'Username and password are required',
    'Refresh token is required',
    'Invalid credentials',
    'Authorization header required',
    'Invalid token',
    'Token expired',
    'IP address not authorized',
  ]) {
    assert.ok(text.includes(`\`${words}\``), words)
  }
})

function page(name: string): Promise<string> {
  return readFile(new URL(`../../docs/dialects/${name}.md`, import.meta.url), 'utf8')
}

/** The expected text, with `…` for anything. */
function pattern(expected: string): RegExp {
  const literal = expected
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${literal.join('[^"]+')}$`)
}
