/**
 * The page of documentation, as a test: its shell lines are run as they would be pasted, in order
 * and in one shell, and have to print what the page says.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { startTestServer, type TestServer } from '../harness.ts'
import { openFront, type Front } from './adobe-pass-kit.ts'

const run = promisify(execFile)
const documentedUrl = 'http://127.0.0.1:8080'
const mark = '---- next ----'

let front: Front
let server: TestServer

before(async () => {
  front = await openFront()
  server = await startTestServer({ config: { issuer: front.url } })
  front.lead(server.url)
})
after(async () => {
  await server.close()
  await front.close()
})

suite('docs/dialects/adobe-pass.md', () => {
  test('its shell lines, pasted in order, print what it says', async () => {
    const text = await page()
    const examples = [...text.matchAll(/```sh\n([^]*?)```\n\n```text\n([^]*?)```/g)]
    assert.equal(examples.length, text.split('```sh').length - 1, 'an example without its output')
    const script = examples.map(([, lines = '']) => `${lines}echo '${mark}'\n`).join('')
    const pasted = script.replaceAll(documentedUrl, front.url)
    const { stdout } = await run('bash', ['-eu', '-c', pasted], { timeout: 30_000 })
    const printed = stdout.split(`${mark}\n`)
    for (const [index, [, , expected = '']] of examples.entries()) {
      assert.match((printed[index] ?? '').trim(), pattern(expected.trim()))
    }
  })
})

function page(): Promise<string> {
  return readFile(new URL('../../docs/dialects/adobe-pass.md', import.meta.url), 'utf8')
}

/** The expected text, with `…` for anything. */
function pattern(expected: string): RegExp {
  const literal = expected
    .split('…')
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${literal.join('[^"]+')}$`)
}
