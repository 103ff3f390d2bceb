/** Runs a canary from the command line: rounds by hand, or a service. */
import type { Command } from 'commander'
import {
  CanaryFailed,
  createCanaryMetrics,
  createPerson,
  pause,
  runRound,
  serveMetrics,
  summarize,
  type CanarySettings,
} from '../canary/index.ts'
import { ApiError, ConnectionError, type NewCanaryReport } from '../client/index.ts'
import { systemClock, systemRandom } from '../server/system.ts'
import { alarmOf, columns, describePath } from './canary-words.ts'
import { CliError, exitCodes } from './exit.ts'
import type { Output } from './output.ts'
import { createProgress } from './progress.ts'
import type { Shell } from './shell.ts'
import { describeUnreachable } from './unreachable.ts'

export interface CanaryRun {
  readonly shell: Shell
  readonly command: Command
  readonly settings: CanarySettings
  readonly sendsReports: boolean
}

/** What is said each time that the progress line may be shown anew. */
const TICK_MS = 250

/**
 * Runs its rounds one after the other and sums them up.
 *
 * @throws {CliError} `failed` where a path was not refused in time or could not be measured.
 */
export async function watchOnce(run: CanaryRun): Promise<void> {
  const { shell, command, settings } = run
  const output = shell.output(command)
  const stop = new AbortController()
  const forget = shell.terminal.onInterrupt(() => {
    stop.abort(new CliError(exitCodes.failed, 'interrupted: nothing more was measured'))
  })
  const reports: NewCanaryReport[] = []
  try {
    const round = await createRounds(run)
    while (reports.length < settings.rounds) {
      const report = await withProgress(run, reports.length, () => round(stop.signal))
      reports.push(report)
      if (output.json) output.object(report)
      await send(run, report, output)
    }
  } catch (error) {
    throw explained(error)
  } finally {
    forget()
  }
  const summary = summarize(reports)
  if (!output.json) {
    output.table(summary, columns, 'no paths')
    const { probeMs, watchMs } = settings
    output.note(
      `each path was tried every ${String(probeMs)} ms, until ${String(watchMs)} ms after the answer; ` +
        'a time is exact to within its gap',
    )
  }
  const alarms = summary.flatMap((path) => alarmOf(path) ?? [])
  for (const alarm of alarms) output.note(alarm)
  if (alarms.length === 0) return
  const of = `${String(alarms.length)} of ${String(summary.length)} paths`
  throw new CliError(exitCodes.failed, `${of} did not refuse in time, or could not be measured`)
}

/** Starts a round at a steady rate until it is stopped. A round that fails is said and counted. */
export async function keepWatching(run: CanaryRun, everyMs: number): Promise<void> {
  const { shell, command, settings } = run
  const output = shell.output(command)
  // Problems that no later round could solve are reported now: no token, or an invalid address.
  await shell.connect(command)
  shell.terminal.outliveOutput()
  const stop = new AbortController()
  const forget = shell.terminal.onInterrupt(() => {
    stop.abort(new Error('stopped'))
  })
  const metrics = createCanaryMetrics(settings.paths)
  const { metricsHost: host, metricsPort: port } = settings
  const server = port === undefined ? undefined : await serveMetrics(metrics.registry, host, port)
  if (server !== undefined) output.note(`metrics on ${server.url}`)
  let round: Round | undefined
  try {
    for (let dueMs = systemClock.monotonicMs(); !stop.signal.aborted;) {
      try {
        // Anew after a failure: the person's password may have been changed, or the server's data.
        round ??= await createRounds(run)
        const report = await round(stop.signal)
        metrics.observe(report, systemClock.nowMs())
        tell(report, output)
        await send(run, report, output)
      } catch (error) {
        if (stop.signal.aborted) break
        round = undefined
        metrics.countFailedRound()
        output.note(`round failed: ${messageOf(error)}`)
      }
      dueMs = Math.max(dueMs + everyMs, systemClock.monotonicMs())
      await pause(systemClock, dueMs - systemClock.monotonicMs(), stop.signal).catch(
        () => undefined,
      )
    }
  } finally {
    forget()
    await server?.close()
  }
  output.note('stopped')
}

type Round = (signal: AbortSignal) => Promise<NewCanaryReport>

async function createRounds({ shell, command, settings }: CanaryRun): Promise<Round> {
  const admin = await shell.connect(command)
  const person = createPerson({
    server: shell.server(command),
    admin,
    name: settings.name,
    random: systemRandom(),
    timeoutMs: settings.timeoutMs,
  })
  await person.prepare()
  return (signal) => runRound(settings, { admin, person, clock: systemClock }, signal)
}

async function withProgress<T>(
  { shell, settings: { rounds, watchMs } }: CanaryRun,
  done: number,
  run: () => Promise<T>,
): Promise<T> {
  const seconds = String(Math.ceil(watchMs / 1000))
  const progress = createProgress(
    shell.terminal,
    (at, of) => `round ${String(at)} of ${String(of)}, watching for ${seconds} s`,
  )
  const timer = setInterval(() => {
    progress.update(done + 1, rounds)
  }, TICK_MS)
  try {
    return await run()
  } finally {
    clearInterval(timer)
    progress.end()
  }
}

function tell(report: NewCanaryReport, output: Output): void {
  if (output.json) output.object(report)
  else for (const path of report.paths) output.result(`${report.at}  ${describePath(path)}`, path)
  for (const alarm of summarize([report]).flatMap((path) => alarmOf(path) ?? [])) {
    output.note(alarm)
  }
}

/** A report that does not arrive is said; what it says was measured all the same. */
async function send(run: CanaryRun, report: NewCanaryReport, output: Output): Promise<void> {
  if (!run.sendsReports) return
  try {
    const admin = await run.shell.connect(run.command)
    await admin.addCanaryReport(report)
  } catch (error) {
    output.note(`the report was not sent: ${messageOf(error)}`)
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ConnectionError) return describeUnreachable(error)
  return error instanceof ApiError ? error.problem.detail : (error as Error).message
}

/** What a round cannot be run for is a failure that is said, not a fault of the command. */
function explained(error: unknown): unknown {
  if (error instanceof ApiError || error instanceof ConnectionError) return error
  return error instanceof CanaryFailed ? new CliError(exitCodes.failed, error.message) : error
}
