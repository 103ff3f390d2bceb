/**
 * How far does it go? A hundred nodes and a hundred thousand guards in simulated time, with the
 * real feed, guards, leases and confirmation: see `scale/`, and `npm run bench -- scale --help`.
 *
 * Every world of the series runs in a process of its own, one after another.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { describeMachine, machineText } from './machine.ts'
import { Violation } from './scale/checker.ts'
import { optionsOf, parseCommand, usage, type Parameters } from './scale/parameters.ts'
import { outcomes } from './scale/report.ts'
import { simulate, type Figures } from './scale/simulate.ts'
import { printOutcome } from './report.ts'

/** Megabytes: many small objects live for long, and few of those that die are worth a full round. */
const memory = ['--expose-gc', '--max-old-space-size=16000', '--max-semi-space-size=64']
const progressEveryMs = 1_000

const { worlds, json } = command()
if (worlds === undefined) console.log(usage)
else if (globalThis.gc === undefined) await start(process.argv.slice(2), 'inherit')
else {
  const [only] = worlds
  const figures = only && worlds.length === 1 ? [await one(only)] : await series(worlds)
  const found = figures.filter((figure) => figure !== undefined)
  if (json) console.log(JSON.stringify(found))
  else if (found.length > 0) {
    console.log(machineText(describeMachine()))
    for (const outcome of outcomes(found)) printOutcome(outcome)
  }
}

function command(): ReturnType<typeof parseCommand> {
  try {
    return parseCommand(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
}

async function series(all: readonly Parameters[]): Promise<readonly (Figures | undefined)[]> {
  const figures: Figures[] = []
  for (const world of all) {
    const printed = await start([...optionsOf(world), '--json'], 'pipe')
    figures.push(...(JSON.parse(printed || '[]') as Figures[]))
  }
  return figures
}

/** Runs this file again, with the memory that it needs; resolves with what it printed. */
async function start(options: readonly string[], stdout: 'pipe' | 'inherit'): Promise<string> {
  const flags = new Set([...process.execArgv, ...memory])
  const argv = [...flags, fileURLToPath(import.meta.url), ...options]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', stdout, 'inherit'] })
  const exit = new Promise<void>((resolve) => {
    child.once('exit', (code) => {
      if (code !== 0) process.exitCode = code ?? 1
      resolve()
    })
  })
  const printed = child.stdout ? await text(child.stdout) : ''
  await exit
  return printed
}

async function one(world: Parameters): Promise<Figures | undefined> {
  try {
    return await simulate(world, {}, progress(world))
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    console.error(`\nViolated: ${error.message}`)
    console.error(`Again: npm run bench -- scale ${optionsOf(world).join(' ')}`)
    process.exitCode = 1
    return undefined
  }
}

/** Prints a line a second: over the one before it on a terminal, and every tenth elsewhere. */
function progress({ nodes, guards }: Parameters): (text: string) => void {
  const startMs = performance.now()
  let printedMs = startMs
  const everyMs = process.stderr.isTTY ? progressEveryMs : 10 * progressEveryMs
  return (what) => {
    const nowMs = performance.now()
    if (nowMs - printedMs < everyMs) return
    printedMs = nowMs
    const seconds = ((nowMs - startMs) / 1000).toFixed(0).padStart(4)
    const line = `${seconds} s  ${nodes} nodes, ${guards.toLocaleString('en')} guards: ${what}`
    process.stderr.write(process.stderr.isTTY ? `\r\u001B[K${line}` : `${line}\n`)
  }
}
