/** `outright canary`: by hand, and as a service in a process of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import { run } from '../../src/cli/run.ts'
import { testTerminal } from '../cli/test-terminal.ts'
import type { NewCanaryReport, WireCanaryReport } from '../../src/protocol/canary.ts'
import { bareEnvironment } from '../bare-environment.ts'
import { startTestServer, type TestServer } from '../harness.ts'
import { startServices, type Services } from './services.ts'

const main = join(import.meta.dirname, '../../src/cli/main.ts')
const ADMIN_TOKEN = 'outright-demo-admin'

suite('outright canary', () => {
  let server: TestServer
  let services: Services
  before(async () => {
    const config = { leaseMs: 60_000 }
    server = await startTestServer({ publicUrlIsOwn: true, oneNode: true, config })
    services = await startServices(server.url)
  })
  after(async () => {
    services.close()
    await server.close()
  })

  const environment = () => ({ OUTRIGHT_ADMIN_TOKEN: ADMIN_TOKEN, OUTRIGHT_URL: server.url })
  const named = (name: string, args: readonly string[]) => [
    'canary',
    '--name',
    name,
    '--watch',
    '1500ms',
    '--probe-every',
    '20ms',
    '--transit',
    '1s',
    '--timeout',
    '30s',
    ...args,
  ]
  /** In this process. */
  async function canary(name: string, ...args: readonly string[]) {
    const terminal = testTerminal({ env: environment() })
    const code = await run(named(name, args), terminal)
    const { out, err } = terminal.shown
    assertNoSecret(out + err)
    return { out, err, code }
  }
  function assertNoSecret(shown: string): void {
    assert.ok(!shown.includes(ADMIN_TOKEN))
    assert.doesNotMatch(shown, /eyJ[\w-]{10}/)
  }
  const url = (path: string): string => `http://${services.host}${path}`
  const reportsOf = async (canaryName: string): Promise<readonly WireCanaryReport[]> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const reply = await server.call('GET', '/outright/v1/canary/reports', { headers })
    const { items } = reply.json() as { items: readonly WireCanaryReport[] }
    return items.filter((one) => one.canary === canaryName)
  }

  test('by hand: guarded paths refuse in time, and it exits with 0', async () => {
    const paths = [`api=${url('/guarded')}`, `chat=${url('/chat').replace('http', 'ws')}`]
    const flags = [
      ...paths.flatMap((path) => ['--path', path]),
      '--stream',
      `news=${url('/events')}`,
    ]
    const { out, err, code } = await canary('hand', '--rounds', '2', ...flags)
    assert.equal(code, 0, out + err)
    const [head, ...lines] = out.trim().split('\n')
    assert.match(head ?? '', /^PATH +KIND +VERDICT +LAST ACCEPTED p50 +p99 +MAX +/)
    assert.deepEqual(
      lines.map((line) => line.split(/ {2,}/).slice(0, 3)),
      [
        ['api', 'http', 'refused'],
        ['chat', 'websocket', 'refused'],
        ['news', 'stream', 'refused'],
      ],
    )
    for (const line of lines) assert.match(line, / ms +2 of 2$/)
    assert.match(
      err,
      /^outright: each path was tried every 20 ms, until 1500 ms after the answer; /m,
    )
    const kept = await reportsOf('hand')
    assert.deepEqual(
      kept.map(({ paths }) => paths.map(({ verdict }) => verdict)),
      [1, 2].map(() => ['refused', 'refused', 'refused']),
    )
  })

  test('by hand: what goes on accepting is an alarm, what is down is said, and it exits with 1', async () => {
    const flags = ['--path', `api=${url('/guarded')}`, '--path', `old=${url('/unguarded')}`]
    const more = ['--path', `shut=${url('/closed')}`, '--json', '--no-report']
    const { out, err, code } = await canary('alarm', ...flags, ...more)
    assert.equal(code, 1)
    const { paths } = JSON.parse(out) as NewCanaryReport
    assert.deepEqual(
      paths.map(({ name, verdict }) => [name, verdict]),
      [
        ['api', 'refused'],
        ['old', 'never_refused'],
        ['shut', 'not_measured'],
      ],
    )
    assert.deepEqual(err.trimEnd().split('\n'), [
      'outright: ALARM: old never refused a logged-out session: a server without a guard, or a cache that keeps the yes',
      'outright: not measured: shut in 1 of 1 rounds: it does not accept a session that lives: it answers 401',
      'outright: 2 of 3 paths did not refuse in time, or could not be measured',
    ])
    assert.deepEqual(await reportsOf('alarm'), [])
  })

  test('as a service: a round again and again, metrics, and an orderly end', async () => {
    const flags = ['--path', `api=${url('/guarded')}`, '--path', `old=${url('/unguarded')}`]
    const service = named('service', [...flags, '--every', '1s', '--metrics-port', '0'])
    const child = spawn(process.execPath, [main, ...service], {
      env: bareEnvironment(environment()),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    const output = text(child.stdout)
    while ((await reportsOf('service')).length < 2) {
      assert.equal(child.exitCode, null, err)
      await sleep(50)
    }
    const at = /^outright: metrics on (\S+)$/m.exec(err)?.[1] ?? assert.fail(err)
    const metrics = await (await fetch(at)).text()
    const value = (series: string): number =>
      Number(
        metrics
          .split('\n')
          .find((line) => line.startsWith(`${series} `))
          ?.split(' ')[1],
      )
    const api = 'path="api",kind="http"'
    const old = 'path="old",kind="http"'
    assert.ok(value(`outright_canary_rounds_total{${api},verdict="refused"}`) >= 2, metrics)
    assert.ok(value(`outright_canary_rounds_total{${old},verdict="never_refused"}`) >= 2)
    assert.equal(value(`outright_canary_rounds_total{${api},verdict="late"}`), 0)
    assert.ok(value(`outright_canary_last_accepted_seconds{${api}}`) <= 0)
    assert.ok(value(`outright_canary_last_accepted_seconds{${old}}`) > 0.2)
    assert.equal(value('outright_canary_failed_rounds_total'), 0)
    child.kill('SIGTERM')
    // Not "exit": what it has said last may be read after that.
    assert.deepEqual(await once(child, 'close'), [0, null])
    assert.match(err, /^outright: ALARM: old never refused/m)
    assert.match(err, /outright: stopped\n$/)
    const out = await output
    assert.match(out, /^\S+Z {2}api \(http\): refused; last accepted \S+ ms before the answer/m)
    assertNoSecret(out + err)
  })

  test('a server that is not there, or options that make no sense, are said', async () => {
    const away = 'http://127.0.0.1:65535'
    const none = await canary('none', '--path', `a=${away}/`, '--server', away)
    assert.deepEqual([none.code, none.out], [4, ''])
    const why = 'nothing listens there: start it, or correct the address (ECONNREFUSED)'
    const service = named('none', ['--path', `a=${away}/`, '--server', away, '--every', '1s'])
    const child = spawn(process.execPath, [main, ...service], {
      env: bareEnvironment(environment()),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    for await (const line of createInterface(child.stderr)) {
      if (line === 'outright: stopped') break
      assert.equal(line, `outright: round failed: cannot reach ${away}: ${why}`)
      child.kill('SIGTERM')
    }
    for (const [flags, said] of [
      [[], /^outright: no paths to watch: give --path, --stream or --config\n$/],
      [['--path', 'a'], /^outright: --path takes <name>=<url>\n$/],
      [
        ['--path', 'a=http://x', '--every', 'often'],
        /^outright: --every takes a time such as 20ms/,
      ],
      [
        ['--stream', 'a=wss://x'],
        /^outright: cannot use a setting: path a is stream, which its URL/,
      ],
      [
        ['--path', 'a=http://me:secret@x'],
        /paths\[0\]\.url is "http:\/\/…@x" \(--path\); allowed:/,
      ],
    ] as const) {
      const { code, err } = await canary('wrong', ...flags)
      assert.equal(code, 2, err)
      assert.match(err, said)
    }
  })
})
