import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { compose } from './compose.ts'
import { loadConfig, type Config, type ConfigFile } from './config.ts'
import { createOtpSender } from './otp-senders.ts'
import { openOutput } from './output.ts'
import { jsonLine, jsonLog, systemClock, systemRandom } from './system.ts'

export interface ServeOptions {
  readonly demo: boolean
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

/** How long the end of a server waits for whoever reads its log. */
const LAST_LINES_MS = 2000

/** What of the log may wait for whoever reads it; more is lost and counted. */
const MAX_PENDING_LOG_BYTES = 1024 * 1024

export interface RunningServer {
  /** Where it listens. */
  readonly url: string
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
  const overrides: ConfigFile = {
    demo: options.demo,
    ...(options.host === undefined ? {} : { host: options.host }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.data === undefined ? {} : { dataDir: options.data }),
    ...(options.afterRestore === undefined ? {} : { afterRestore: options.afterRestore }),
  }
  const config = await loadConfig(process.env, { ...overrides, configPath: options.config })
  const output = openOutput(process.stdout, {
    maxPendingBytes: MAX_PENDING_LOG_BYTES,
    describeLoss: (lost, reason) =>
      jsonLine('warn', { lost, reason }, 'Lines of this log were lost'),
  })
  const print = (line: string): void => {
    output.write(line)
  }
  const composition = await compose(config, {
    clock: systemClock,
    random: systemRandom(),
    log: jsonLog(print),
    lostLogLines: () => output.lost,
    otpSender: createOtpSender(config, print),
  })
  try {
    await composition.app.listen({ host: config.host, port: config.port })
  } catch (error) {
    // The port is taken: nobody will stop what nobody can reach.
    await composition.close()
    throw error
  }
  const { address, port } = composition.app.server.address() as AddressInfo
  const host = address.includes(':') ? `[${address}]` : address
  return {
    url: `http://${host}:${String(port)}`,
    async close() {
      await composition.close()
      await Promise.race([output.drained(), sleep(LAST_LINES_MS)])
    },
  }
}
