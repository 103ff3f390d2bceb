/** Runs the scripts of this folder, each against a server of its own. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { run } from '../../src/cli/run.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { assertLines, fillIn, parseCommandLine, parseScript, type Step } from './script.ts'
import { testTerminal } from './test-terminal.ts'

const ADMIN_TOKEN = 'outright-demo-admin'

const folder = import.meta.dirname
const scripts = (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()

suite('the command line', () => {
  for (const name of scripts) {
    test(name.replace(/\.txt$/, '').replaceAll('-', ' '), async () => {
      const steps = parseScript(await readFile(join(folder, name), 'utf8'))
      const temporary = await mkdtemp(join(tmpdir(), 'outright-cli-'))
      const server = await startTestServer()
      try {
        await play(name, steps, server, temporary)
      } finally {
        await server.close()
        await rm(temporary, { recursive: true })
      }
    })
  }
})

async function play(
  name: string,
  steps: readonly Step[],
  server: TestServer,
  temporary: string,
): Promise<void> {
  const kept = new Map([
    ['tmp', temporary],
    ['server', server.url],
  ])
  let answers: string[] | undefined
  for (const step of steps) {
    const where = `${name}:${step.line}: ${step.text}`
    if (step.kind === 'login') {
      kept.set(step.text, await login(server))
    } else if (step.kind === 'type') {
      answers = [...(answers ?? []), step.text]
    } else {
      await runStep(step, where, server, kept, answers)
      answers = undefined
    }
  }
}

async function runStep(
  step: Step,
  where: string,
  server: TestServer,
  kept: Map<string, string>,
  answers: string[] | undefined,
): Promise<void> {
  const { env, args, input } = parseCommandLine(fillIn(step.text, kept))
  const terminal = testTerminal({
    env: { OUTRIGHT_ADMIN_TOKEN: ADMIN_TOKEN, OUTRIGHT_URL: server.url, ...env },
    input,
    answers,
  })
  const code = await run(args, terminal)
  const { out, err } = terminal.shown
  assert.equal(code, step.code, `${where}: exit code\n${out}${err}`)
  assertLines(out, step.out, kept, `${where}: standard output`)
  assertLines(err, step.err, kept, `${where}: standard error`)
  const all = out + err
  assert.ok(!all.includes(env['OUTRIGHT_ADMIN_TOKEN'] || ADMIN_TOKEN) || isHelp(args), where)
  assert.doesNotMatch(all, /eyJ[\w-]{10}/, `${where}: a token is shown`)
}

/** Help names the demo's token, which is public. */
function isHelp(args: readonly string[]): boolean {
  return args.length === 0 || args.includes('--help') || args.includes('help')
}

async function login(server: TestServer): Promise<string> {
  const basic = Buffer.from('maria:maria-demo').toString('base64')
  const reply = await server.call('POST', '/directlink/v1/auth/login', {
    headers: { authorization: `Basic ${basic}` },
  })
  const { bearer } = reply.json() as { bearer: string }
  const [, payload = ''] = bearer.split('.')
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sid: string }).sid
}
