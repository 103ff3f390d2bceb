/** The manual and the program say the same. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { examplesOf } from '../../src/cli/examples.ts'
import { exitCodes } from '../../src/cli/exit.ts'
import { buildProgram } from '../../src/cli/program.ts'
import { createShell } from '../../src/cli/shell.ts'
import { leaves, nameOf, writeManual } from './manual.ts'
import { parseCommandLine } from './script.ts'
import { testTerminal } from './test-terminal.ts'

const manual = join(import.meta.dirname, '../../docs/cli.md')
const program = buildProgram(createShell(testTerminal({ env: {} })))
const begin = '<!-- commands: written by test/cli/manual.test.ts with OUTRIGHT_UPDATE=1 -->\n'
const end = '<!-- end of commands -->\n'

suite('docs/cli.md', () => {
  test('describes every command as its --help does', async () => {
    const text = await readFile(manual, 'utf8')
    const [head = '', rest = ''] = text.split(begin)
    const [commands = '', tail] = rest.split(end)
    assert.equal(tail, '', 'the marks of the commands are not where they were')
    const expected = `\n${writeManual(program)}\n\n`
    if (process.env['OUTRIGHT_UPDATE'] === '1') {
      await writeFile(manual, head + begin + expected + end)
      return
    }
    assert.equal(
      commands,
      expected,
      'to write it anew: OUTRIGHT_UPDATE=1 node --test test/cli/manual.test.ts',
    )
  })

  test('lists every exit code', async () => {
    const [, codes = ''] = (await readFile(manual, 'utf8')).split('## Exit codes')
    const listed = [...codes.matchAll(/^\| (\d) \|/gm)].map(([, code]) => Number(code))
    assert.deepEqual(listed, Object.values(exitCodes))
  })
})

suite('every command', () => {
  for (const command of leaves(program)) {
    test(`${nameOf(command)} says what it does, and shows how`, () => {
      assert.match(command.description(), /^[A-Z].*\.$/s)
      assert.ok(examplesOf(command).length > 0)
      for (const option of command.options) {
        assert.match(option.description, /^(PostgreSQL|[^A-Z]).*[^.]$/, option.flags)
      }
      for (const example of examplesOf(command)) {
        assert.ok(example.includes(nameOf(command)), example)
      }
    })
  }

  test('has examples whose options exist', () => {
    for (const command of leaves(program)) {
      const known = new Set([...program.options, ...command.options].map(({ long }) => long))
      for (const example of examplesOf(command)) {
        const [line = ''] = example.split(/ [|<]| >>? /)
        for (const word of parseCommandLine(line).args) {
          if (word.startsWith('--')) assert.ok(known.has(word), `${example}: ${word}`)
        }
      }
    }
  })
})
