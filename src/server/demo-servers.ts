/** The servers that the demo starts beside the node: three applications and an identity provider. */
import type { DemoApp, DemoTour } from '../http/node-view.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Config } from './config.ts'
import { createDemoApps } from './demo-apps/index.ts'
import { startDemoProvider, type DemoProvider } from './demo-provider/index.ts'
import { reachable } from './reachable.ts'
import { reasonOf } from './reason-of.ts'

/** What the node's page shows of them. */
export interface DemoServersView {
  /** Applications that are listening. */
  apps(): readonly DemoApp[]
  /** Ways in that another server than the node offers. */
  readonly tours: readonly DemoTour[]
}

export interface DemoServers extends DemoServersView {
  /** The configuration of a node that accepts tokens of the provider. */
  knownTo(config: Config): Config
  /**
   * All of them follow a node from now on. Resolves when the applications do.
   *
   * @param node Where the node listens.
   */
  start(node: string): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the provider, whose address has to be in the configuration before a node is made of it.
 *
 * @returns Undefined without the demo: nothing of it is there.
 */
export async function openDemoServers(
  { demo, host }: Pick<Config, 'demo' | 'host'>,
  clock: Clock,
  log: Log,
): Promise<DemoServers | undefined> {
  if (!demo) return undefined
  const apps = createDemoApps(log)
  const provider = await openProvider(host, clock, log)
  return {
    apps: () => apps.list(),
    tours: provider === undefined ? [] : [provider.tour],
    knownTo: (config) =>
      provider === undefined
        ? config
        : Object.freeze({ ...config, issuers: [...config.issuers, provider.settings] }),
    start(node) {
      provider?.tell(node)
      return apps.start(node)
    },
    async close() {
      await Promise.all([apps.close(), provider?.close()])
    },
  }
}

/** Without it the demo has one way in less. */
async function openProvider(
  host: string,
  clock: Clock,
  log: Log,
): Promise<DemoProvider | undefined> {
  const address = host.includes(':') ? `[${host}]` : host
  try {
    return await startDemoProvider(reachable(`http://${address}:0`), clock)
  } catch (error) {
    log.warn({ reason: reasonOf(error) }, 'The identity provider of the demo could not start')
    return undefined
  }
}
