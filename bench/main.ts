/**
 * The index of the benches: `npm run bench -- <question> … [--seconds n] [--rounds n] [--json]`.
 * Every number is a ratio to something measured in the same run; README.md says how to read them.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { guardCheck } from './guard/check.ts'
import { guardConfirmed } from './guard/confirmed.ts'
import { guardFanout } from './guard/fanout.ts'
import { guardGrowth } from './guard/growth.ts'
import { guardHttp } from './guard/http.ts'
import { benchModule } from './http/child.ts'
import { checks } from './http/checks.ts'
import { clientLogout } from './http/client-logout.ts'
import { logouts } from './http/logouts.ts'
import { oauth } from './http/oauth.ts'
import { refreshes } from './http/refreshes.ts'
import { sessionSearch } from './http/session-search.ts'
import { introspection, revocation } from './http/token-endpoints.ts'
import { describeMachine, machineText } from './machine.ts'
import { printOutcome, type Question, type Settings } from './report.ts'

const http: readonly Question[] = [
  logouts,
  checks,
  refreshes,
  introspection,
  revocation,
  oauth,
  clientLogout,
  sessionSearch,
]
const guard: readonly Question[] = [guardCheck, guardHttp, guardConfirmed, guardFanout, guardGrowth]
const questions = [...http, ...guard]

/** Benches that are programs of their own. */
const programs = [
  {
    name: 'replica',
    asks: 'The memory of a verifier: bytes an entry, look-ups a second, longest stall',
    nodeOptions: ['--expose-gc'],
  },
  {
    name: 'store-writer',
    asks: 'The SQLite store alone: durable logouts a second by how many call at once',
    nodeOptions: [],
  },
  {
    name: 'postgres-logouts',
    asks: 'The PostgreSQL store alone: durable logouts a second',
    nodeOptions: [],
  },
  {
    name: 'nodes-confirmed',
    asks: 'Logouts confirmed by three nodes and thirty guards, and what the waiting costs',
    nodeOptions: [],
  },
  {
    name: 'scale',
    asks: '100 nodes and 100,000 guards in simulated time; has options of its own: scale --help',
    nodeOptions: [],
  },
] as const

/** Alone on the command line, it takes what stands after it. */
const withOptions = 'scale'

/** The questions that take the code of another checkout beside this one's. */
const withBeside = [logouts, checks, refreshes, guardCheck, guardHttp, guardConfirmed].map(
  ({ name }) => name,
)

const usage = `npm run bench -- [question …] [options]

  http               all of: ${http.map(({ name }) => name).join(', ')}
  guard              all of: ${guard.map(({ name }) => name).join(', ')}
${[...questions, ...programs].map(({ name, asks }) => `  ${name.padEnd(18)} ${asks}`).join('\n')}
  all                everything

  --seconds <n>      length of a sample, default 2
  --rounds <n>       how often each server is sampled, default 5
  --retries <n>      how often a sample is taken again where the machine was busy, default 2
  --beside <folder>  another checkout, installed, whose code takes its turn in the same rounds
                     (${withBeside.join(', ')})
  --json             figures instead of tables (not of the programs replica and the stores)
`

const own = process.argv[2] === withOptions
const { values, positionals } = parseArgs({
  args: process.argv.slice(2, own ? 3 : undefined),
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
    retries: { type: 'string', default: '2' },
    beside: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const groups: Readonly<Record<string, readonly Question[]>> = { http, guard }
const known: readonly string[] = [...questions, ...programs].map(({ name }) => name)
const chosen = positionals.flatMap((name) =>
  name === 'all' ? known : (groups[name]?.map((question) => question.name) ?? [name]),
)
const unknown = chosen.filter((name) => !known.includes(name))

const besideRefusal = values.beside === undefined ? undefined : refuseBeside(values.beside)

/** Why nothing can be measured beside it, in words. */
function refuseBeside(folder: string): string | undefined {
  const alone = chosen.filter((name) => !withBeside.includes(name))
  if (alone.length > 0) return `Cannot use --beside with ${alone.join(', ')}.`
  if (existsSync(benchModule('http/server.ts', folder))) return undefined
  return `Cannot use --beside: ${folder} is no checkout of Outright.`
}

if (values.help || chosen.length === 0) {
  console.log(usage)
} else if (unknown.length > 0) {
  console.error(`There is no question ${unknown.join(', ')}.\n\n${usage}`)
  process.exitCode = 2
} else if (besideRefusal !== undefined) {
  console.error(besideRefusal)
  process.exitCode = 2
} else {
  await answer(chosen, {
    seconds: positive('seconds', values.seconds),
    rounds: positive('rounds', values.rounds),
    retries: Number(values.retries),
    beside: values.beside,
  })
}

function positive(name: string, text: string): number {
  const value = Number(text)
  if (value > 0) return value
  throw new Error(`Cannot use --${name}: "${text}" is not a positive number`)
}

async function answer(names: readonly string[], settings: Settings): Promise<void> {
  const machine = own ? undefined : describeMachine()
  const figures: Record<string, unknown> = { machine, settings }
  if (!values.json && machine) console.log(machineText(machine))
  for (const name of names) {
    const question = questions.find((one) => one.name === name)
    if (question === undefined) {
      runProgram(name)
      continue
    }
    const outcome = await question.run(settings)
    figures[name] = outcome.figures
    if (!values.json) printOutcome(outcome)
  }
  if (values.json) console.log(JSON.stringify(figures, undefined, 2))
}

function runProgram(name: string): void {
  const path = fileURLToPath(new URL(`./${name}.ts`, import.meta.url))
  if (!existsSync(path)) {
    console.error(`${name} is not part of this checkout`)
    return
  }
  const { nodeOptions } = programs.find((program) => program.name === name) ?? { nodeOptions: [] }
  const given = own ? process.argv.slice(3) : []
  const argv = [...nodeOptions, path, ...given]
  const { status } = spawnSync(process.execPath, argv, { stdio: 'inherit' })
  if (status !== 0) process.exitCode = 1
}
