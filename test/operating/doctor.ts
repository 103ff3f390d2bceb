/** Runs the doctor as an operator does, and finds what it said of one check. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../src/cli/run.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { examine, type DoctorOptions, type Finding } from '../../src/server/doctor/doctor.ts'
import { systemClock } from '../../src/server/system.ts'
import type { Clock } from '../../src/ports/clock.ts'

/**
 * The system's clock, whose second passes at once: only the checks of clocks wait for one. Each
 * examination needs its own, for what was skipped stays ahead of the database's clock.
 */
export function hurriedClock(): Clock {
  let skippedMs = 0
  return {
    nowMs: () => systemClock.nowMs() + skippedMs,
    monotonicMs: () => systemClock.monotonicMs() + skippedMs,
    after(delayMs, callback) {
      skippedMs += delayMs
      setImmediate(callback)
      return () => undefined
    },
  }
}

export async function findings(options: Partial<DoctorOptions>): Promise<readonly Finding[]> {
  const all: Finding[] = []
  const examined = examine({ environment: {}, clock: hurriedClock(), ...options })
  for await (const found of examined) all.push(found)
  return all
}

/** What was said of a check; a check that was not made is a mistake of the test. */
export function finding(all: readonly Finding[], check: string): Finding {
  const found = all.find((one) => one.check === check)
  if (found === undefined) {
    throw new Error(`no check ${check} among ${all.map((one) => one.check).join(', ')}`)
  }
  return found
}

/** `check: verdict` of all, for comparisons at a glance. */
export function verdicts(all: readonly Finding[]): Readonly<Record<string, string>> {
  return Object.fromEntries(all.map(({ check, verdict }) => [check, verdict]))
}

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command line in this process. */
export async function outright(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  let out = ''
  let err = ''
  const terminal: Terminal = {
    env,
    isInteractive: { stdin: false, stdout: false, stderr: false },
    out(chunk) {
      out += chunk
    },
    err(chunk) {
      err += chunk
    },
    drained: () => Promise.resolve(),
    outliveOutput: () => undefined,
    readInput: () => Promise.resolve(''),
    ask: () => Promise.reject(new Error('no server is asked')),
    onInterrupt: () => () => undefined,
    exit() {
      throw new Error('no command of these tests ends the process')
    },
    nowMs: () => performance.now(),
  }
  const code = await run(args, terminal)
  return { code, out, err }
}

/** A folder that is gone when the test is; on a path that is given, or among temporary files. */
export async function withFolder<T>(
  work: (folder: string) => Promise<T>,
  parent: string = tmpdir(),
): Promise<T> {
  const folder = await mkdtemp(join(parent, 'outright-operating-'))
  try {
    return await work(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
