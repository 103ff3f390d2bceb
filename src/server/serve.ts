import { defined } from '../domain/defined.ts'
import { createServer, type AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Core } from '../core/core.ts'
import type { Invited } from '../core/invitations.ts'
import { Refusal } from '../domain/failure.ts'
import type { DemoOperator } from '../domain/operator.ts'
import { DEMO_OPERATOR } from '../http/demo-people.ts'
import { setUpLink } from '../http/operator-paths.ts'
import type { Log } from '../ports/log.ts'
import { compose } from './compose.ts'
import { loadConfig, type Config } from './config.ts'
import { demoLogout } from './demo-page.ts'
import { openDemoServers, type DemoServers } from './demo-servers.ts'
import { createOtpSender } from './otp-senders.ts'
import { openOutput, type Output } from './output.ts'
import { reachable } from './reachable.ts'
import { reasonOf } from './reason-of.ts'
import { noteRunning } from './running.ts'
import { jsonLine, jsonLog, systemClock, systemRandom } from './system.ts'

export interface ServeOptions {
  /** Default: that of the configuration, or false. */
  readonly demo?: boolean
  readonly host?: string
  /** 0 takes any free port. */
  readonly port?: number
  /** Folder of the SQLite database. */
  readonly data?: string
  /** Path of `outright.config.ts` or `.json`. */
  readonly config?: string
  /** What to do with a database that may lack logouts: see `Config`. */
  readonly afterRestore?: Config['afterRestore']
}

/** How long a shutdown waits for the reader of the log. */
const LAST_LINES_MS = 2000

/** How much of the log may wait for its reader; more is dropped and counted. */
const MAX_PENDING_LOG_BYTES = 1024 * 1024

/** Where any free port was asked for, and other programs take what was found free. */
const MAX_PORTS_TRIED = 10

export interface RunningServer {
  /** Where it listens. */
  readonly url: string
  /** In the demo: a command that logs a person out, to be pasted into a terminal. */
  readonly tryIt: string | undefined
  /** In the demo: the operator who signs in at the console. */
  readonly operator: DemoOperator | undefined
  /** A link with which the first operator sets up; undefined where there is an operator. */
  readonly setUpLink: string | undefined
  /** Takes no new requests, finishes what was accepted, and closes the store. */
  close(): Promise<void>
}

/**
 * Starts a server with the process's environment and the system's clock.
 *
 * @throws {ConfigError} Where the configuration cannot be used.
 * @throws {Error} Where the store cannot be opened, or the port is taken.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const { config: configPath, data, ...rest } = options
  const dataDir = data === undefined ? {} : { dataDir: data }
  return serveConfig(await loadConfig(process.env, { ...rest, ...dataDir, configPath }))
}

/** Starts a server by a configuration that was read; see {@link serve}. */
export async function serveConfig(asked: Config): Promise<RunningServer> {
  const output = openOutput(process.stdout, {
    maxPendingBytes: MAX_PENDING_LOG_BYTES,
    describeLoss: (lost, reason) =>
      jsonLine('warn', { lost, reason }, 'Lines of this log were lost'),
  })
  for (let attempt = 1; ; attempt++) {
    const config = await withPort(asked)
    try {
      return await start(config, output)
    } catch (error) {
      const chosenHere = config.port !== asked.port
      if (!chosenHere || attempt === MAX_PORTS_TRIED || !isPortTaken(error)) throw error
    }
  }
}

async function start(withoutDemo: Config, output: Output): Promise<RunningServer> {
  const print = (line: string): void => {
    output.write(line)
  }
  const log = jsonLog(print)
  const demo = await openDemoServers(withoutDemo, systemClock, log)
  const config = demo?.knownTo(withoutDemo) ?? withoutDemo
  const composition = await compose(config, {
    clock: systemClock,
    random: systemRandom(),
    log,
    lostLogLines: () => output.lost,
    ...defined({ demoServers: demo }),
    otpSender: createOtpSender(config, print),
  }).catch(async (error: unknown) => {
    await demo?.close()
    throw withRemedy(error)
  })
  try {
    await composition.app.listen({ host: config.host, port: config.port })
  } catch (error) {
    // The port is taken: without a caller, nothing else would close it.
    await demo?.close()
    await composition.close()
    throw listenError(error, config)
  }
  const { address, port } = composition.app.server.address() as AddressInfo
  const host = address.includes(':') ? `[${address}]` : address
  const url = `http://${host}:${String(port)}`
  const invited = await inviteFirst(composition.core)
  const removeNote = noteRunning(config, url, log)
  if (demo !== undefined) startDemo(demo, reachable(url), log)
  return {
    url,
    tryIt: config.demo ? demoLogout(config) : undefined,
    operator: config.demo ? DEMO_OPERATOR : undefined,
    setUpLink: invited && setUpLink(config.issuer, invited.code),
    async close() {
      removeNote()
      await demo?.close()
      await composition.close()
      await Promise.race([output.drained(), sleep(LAST_LINES_MS)])
    },
  }
}

/** Not awaited: the page that shows them says which are running. */
function startDemo(demo: DemoServers, url: string, log: Log): void {
  demo.start(url).catch((error: unknown) => {
    log.warn({ reason: reasonOf(error) }, 'An application of the demo could not start')
  })
}

/** On a full disk, say, there is no link, and the server serves what it can. */
async function inviteFirst({ invitations }: Core): Promise<Invited | undefined> {
  try {
    return await invitations.issueFirst()
  } catch (error) {
    if (error instanceof Refusal && error.failure.kind === 'store_unavailable') return undefined
    throw error
  }
}

/** Without a configured public URL, the URL contains the port: it must be known first. */
async function withPort(config: Config): Promise<Config> {
  if (new URL(config.issuer).port !== '0') return config
  const port = await freePort(config)
  return { ...config, port, issuer: config.issuer.replace(/:0$/, `:${String(port)}`) }
}

/** A port that is free at this moment: another program may take it before this one listens. */
async function freePort({ host }: Config): Promise<number> {
  const probe = createServer()
  const taken = new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, host, resolve)
  })
  try {
    await taken
  } catch (error) {
    throw listenError(error, { host, port: 0 })
  }
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}

function isPortTaken(error: unknown): boolean {
  return error instanceof Error && codeOf(error.cause) === 'EADDRINUSE'
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Why it cannot listen, and what helps. */
function listenError(error: unknown, { host, port }: Pick<Config, 'host' | 'port'>): Error {
  const remedy =
    listenRemedies.get(codeOf(error)) ?? (error instanceof Error ? error.message : 'it failed')
  const address = host.includes(':') ? `[${host}]` : host
  return new Error(`Cannot listen on ${address}:${String(port)}: ${remedy}`, { cause: error })
}

const listenRemedies: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'the port is taken; choose another with --port'],
  ['EACCES', 'the system does not allow this port; choose one above 1023 with --port'],
  ['EADDRNOTAVAIL', 'this machine does not have that address; choose another with --host'],
  ['ENOTFOUND', 'there is no such host; choose another with --host'],
])

/** A data folder that another process has open is the only problem that an option solves. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.endsWith('another process is using it'))
    return error
  return new Error(`${error.message}; choose another folder with --data`, { cause: error })
}
