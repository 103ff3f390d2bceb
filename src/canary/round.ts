import type { OutrightClient } from '../client/index.ts'
import type { Clock } from '../ports/clock.ts'
import type { NewCanaryReport, WireCanaryPath } from '../protocol/canary.ts'
import { judge, notMeasured } from './judge.ts'
import type { CanaryPath, CanarySettings } from './options.ts'
import type { Login, Person } from './person.ts'
import { CanaryFailed } from './failed.ts'
import { httpProbe } from './http-probe.ts'
import { NotAccepted, type Probe } from './probe.ts'
import { streamProbe } from './stream-probe.ts'
import { websocketProbe } from './websocket-probe.ts'

export interface RoundParts {
  readonly admin: Pick<OutrightClient, 'endSession'>
  readonly person: Person
  readonly clock: Clock
}

/** Used for so long before the logout: caches have their yes, streams have begun. */
const WARM_UP_MS = 250
/** How often the session is used that is not logged out. */
const CONTROL_EVERY_MS = 250

/**
 * One round.
 *
 * 1. The person logs in twice. One session will be logged out; the other shows afterwards that a path
 *    refuses because of that, and does not refuse all.
 * 2. Each path is used with both. One that does not accept a session is not measured.
 * 3. The one session is logged out, as an operator would, and the answer is waited for.
 * 4. Each path goes on being used until the watch is over.
 * 5. Both sessions are ended, whatever happened.
 *
 * @throws {CanaryFailed} Where the person is not let in, or tokens do not live for a round.
 * @throws What the admin API says of the logout.
 */
export async function runRound(
  settings: CanarySettings,
  parts: RoundParts,
  signal: AbortSignal,
): Promise<NewCanaryReport> {
  const { admin, person } = parts
  const open: Login[] = []
  try {
    for (const _ of ['measured', 'control']) open.push(await person.logIn())
    const [measured, control] = open as [Login, Login]
    return await observe(settings, parts, { measured, control }, signal)
  } finally {
    // What cannot be ended now is over with its access token, or with the next start.
    await Promise.allSettled(open.map(({ sid }) => admin.endSession(sid)))
  }
}

async function observe(
  settings: CanarySettings,
  { admin, clock }: RoundParts,
  logins: { readonly measured: Login; readonly control: Login },
  signal: AbortSignal,
): Promise<NewCanaryReport> {
  const { name, watchMs, probeMs } = settings
  refuseShortLife(logins.control, settings)
  const probes = settings.paths.map((path) => begin(path, settings, clock, logins))
  try {
    await Promise.all(probes.map(({ started }) => started))
    await pause(clock, WARM_UP_MS, signal)
    const requestMs = clock.monotonicMs()
    const { receipt } = await admin.endSession(logins.measured.sid)
    const answerMs = clock.monotonicMs()
    const at = new Date(clock.nowMs()).toISOString()
    await pause(clock, watchMs, signal)
    const paths = await Promise.all(
      probes.map((one) => conclude(one, settings, { requestMs, answerMs })),
    )
    const logoutMs = Math.round((answerMs - requestMs) * 10) / 10
    return { canary: name, at, logoutMs, receipt, watchMs, probeMs, paths }
  } finally {
    await Promise.allSettled(probes.flatMap(({ one, control }) => [one.stop(), control.stop()]))
  }
}

interface Running {
  readonly path: CanaryPath
  readonly one: Probe
  readonly control: Probe
  /** Undefined where both sessions were accepted, otherwise why not. Never rejects. */
  readonly started: Promise<string | undefined>
}

const probeOf = { http: httpProbe, stream: streamProbe, websocket: websocketProbe }

function begin(
  path: CanaryPath,
  { probeMs, timeoutMs }: CanarySettings,
  clock: Clock,
  { measured, control: kept }: { readonly measured: Login; readonly control: Login },
): Running {
  const common = { path, timeoutMs, clock }
  const createProbe = probeOf[path.kind]
  const one = createProbe({ ...common, token: measured.token, everyMs: probeMs })
  const controlMs = Math.max(probeMs, CONTROL_EVERY_MS)
  const control = createProbe({ ...common, token: kept.token, everyMs: controlMs })
  const started = Promise.all([one.start(), control.start()]).then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof NotAccepted) return error.message
      throw error
    },
  )
  return { path, one, control, started }
}

async function conclude(
  { path, one, control, started }: Running,
  { transitMs }: CanarySettings,
  times: { readonly requestMs: number; readonly answerMs: number },
): Promise<WireCanaryPath> {
  const { name, kind } = path
  const wrong = await started
  const [actions, kept] = await Promise.all([one.stop(), control.stop()])
  if (wrong !== undefined) {
    return { name, kind, ...notMeasured(`it does not accept a session that lives: ${wrong}`) }
  }
  const allowedMs = kind === 'stream' ? transitMs : 0
  return { name, kind, ...judge({ actions, control: kept, ...times, allowedMs }) }
}

/** A token that expires during the round would be refused for that. */
function refuseShortLife({ livesForMs }: Login, { watchMs, timeoutMs }: CanarySettings): void {
  const neededMs = WARM_UP_MS + watchMs + 3 * timeoutMs
  if (livesForMs >= neededMs) return
  throw new CanaryFailed(
    `access tokens live for ${inSeconds(livesForMs)}, and a round may take ${inSeconds(neededMs)}: watch for less`,
  )
}

function inSeconds(ms: number): string {
  return `${String(Math.ceil(ms / 1000))} s`
}

/** @throws The reason of the signal. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      cancel()
      reject(signal.reason as Error)
    }
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', stop)
      resolve()
    })
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}
