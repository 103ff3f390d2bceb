/**
 * The composition root: the only place that knows every part. It turns a configuration into a
 * server that is ready to listen, and takes it apart in the right order.
 */
import type { FastifyInstance } from 'fastify'
import { createCore, type Core } from '../core/core.ts'
import type { CoreDependencies } from '../core/dependencies.ts'
import { Refusal } from '../domain/failure.ts'
import { attachFeed, isFeedUpgrade, type FeedHub } from '../feed/index.ts'
import { createApp, type MountedSurface } from '../http/app.ts'
import { ClientAddresses } from '../http/client-address.ts'
import { registerDocumentation } from '../http/documentation.ts'
import type { NodeView } from '../http/node-view.ts'
import { buildDocument } from '../http/openapi.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import { carryOutDecision, checkDecision } from './after-restore.ts'
import { gracefulClose } from './close-gracefully.ts'
import { ConfigError, type Config } from './config.ts'
import { openDependencies } from './dependencies.ts'
import { startDelivering } from './deliveries/index.ts'
import { hasDemoIdentities, seedDemo } from './demo.ts'
import { normalizeIdentifiers } from './identifiers.ts'
import { openIssuers } from './issuers.ts'
import { logCutter } from './cutting.ts'
import { callersOf, guardConnections } from './guard-connections.ts'
import { createMetrics, type Metrics, type NodeFacts } from './metrics.ts'
import { openProviders } from './providers.ts'
import { mountAll } from './mounts.ts'
import { tellIssuer } from './node-issuers.ts'
import { NodeLags } from './node-lags.ts'
import { viewOf } from './node-view.ts'
import { openStore, type OpenedStore } from './open-store.ts'
import { watchReadiness } from './readiness.ts'
import { openReceivers } from './receivers.ts'
import { openSingleSignOn } from './single-sign-on.ts'
import { startSweeping } from './sweeping.ts'
import { keepTickShape } from './tick-shape.ts'
import { openTimekeeper, type Timekeeper } from './timekeeper.ts'
import { openVerification, type Verification } from './verification.ts'
import { version } from './version.ts'
import type { World } from './world.ts'

export interface Composition {
  readonly app: FastifyInstance
  readonly core: Core
  /** What the core was made of; for tests. */
  readonly dependencies: CoreDependencies
  readonly store: Store
  readonly node: NodeView
  readonly mounts: readonly MountedSurface[]
  /** Finishes what was accepted, then closes everything. */
  close(): Promise<void>
}

/**
 * Puts a server together.
 *
 * @throws {ConfigError} Where the data and the configuration do not go together.
 * @throws {Error} Where the store cannot be opened; the message says why.
 */
export async function compose(config: Config, world: World): Promise<Composition> {
  keepTickShape()
  try {
    const opened = await openStore(config, world)
    try {
      return await composeWith(opened, config, world)
    } catch (error) {
      await opened.leases?.close(0)
      await opened.store.close()
      throw error
    }
  } catch (error) {
    if (!(error instanceof Refusal) || error.failure.kind !== 'store_unavailable') throw error
    // The person who starts a server is an operator, and may read the reason.
    throw new Error(`Cannot open the database: ${error.failure.reason}`, { cause: error })
  }
}

async function composeWith(
  opened: OpenedStore,
  config: Config,
  world: World,
): Promise<Composition> {
  const { store, leases } = opened
  const { clock, log } = world
  const mustDecide = await checkDecision(store, config)
  await normalizeIdentifiers(store, log)
  await checkIdentities(store, config, clock)
  const time = await openTimekeeper(store, clock, log, world.databaseAheadMs)
  try {
    const verification = await openVerification(store, leases, mustDecide, config, time, clock, log)
    try {
      await tellIssuer(store, leases, config.issuer, clock.nowMs(), log)
      return await composeOver(opened, time, verification, mustDecide, config, world)
    } catch (error) {
      verification.hub.close()
      verification.hub.end()
      throw error
    }
  } catch (error) {
    // What still ran would keep a process alive that could not start.
    time.stop()
    throw error
  }
}

async function composeOver(
  opened: OpenedStore,
  time: Timekeeper,
  verification: Verification,
  mustDecide: boolean,
  config: Config,
  world: World,
): Promise<Composition> {
  const { store, leases } = opened
  const { clock, log, demoServers } = world
  const { replica, hub } = verification
  const addresses = new ClientAddresses(config.trustedProxies, log)
  const readiness = watchReadiness(store, leases, opened.stopped, time)
  const metrics = openMetrics(verification, { store, readiness, time, addresses }, world)
  const nodeLags = leases && new NodeLags(leases, clock)
  const providers = await openProviders({ store, clock, random: world.random }, config)
  const needed = {
    opened,
    receivers: openReceivers(providers.config, clock, () => core),
    verification,
    nodeLags,
    issuers: openIssuers(config, store, clock, log),
    metrics,
    config,
    time,
    world,
  }
  const dependencies = await openDependencies(needed)
  const core = createCore(dependencies)
  if (mustDecide) await carryOutDecision(core, dependencies, config, log)
  const stopping = new AbortController()
  needed.issuers.refreshUntil(stopping.signal)
  const singleSignOn = await openSingleSignOn(config, clock, log)
  const parts = { ...needed, addresses, readiness, singleSignOn }
  const node = viewOf({ ...parts, stopping: stopping.signal, demoServers }, config)
  const { issuer, rateLimitFactor, demo } = config
  const context = { core, node, clock, random: world.random, log, issuer, rateLimitFactor, demo }
  const mounts = [...mountAll(providers.config, context), ...providers.mounts]
  void opened.stopped.then((reason) => stopForGood(reason, opened, hub, log))
  const app = createHttp(mounts, addresses, metrics, config, world)
  const closeApp = gracefulClose(app, clock)
  attachFeed(app.server, {
    hub,
    clock,
    authenticate: guardConnections(dependencies),
    ...callersOf(addresses),
  })
  const { countDelivery: observe } = metrics
  const stopDelivering = startDelivering({ core, dependencies, observe })
  const stopSweeping = sweepAll(core, dependencies, replica, time, config, world)
  return {
    app,
    core,
    dependencies,
    store,
    node,
    mounts,
    async close() {
      stopping.abort()
      stopSweeping()
      time.stop()
      hub.close()
      await closeApp()
      await stopDelivering()
      // Its guards may hold leases a little longer: the other nodes wait for those.
      await leases?.close(hub.heldForMs())
      hub.end()
      await store.close()
    },
  }
}

function sweepAll(
  core: Core,
  { store, keys }: Pick<CoreDependencies, 'store' | 'keys'>,
  replica: Verification['replica'],
  time: Timekeeper,
  config: Config,
  { clock, log, sweepingTimes }: World,
): () => void {
  const cutLog = logCutter(core, time, config.logRetentionDays, log)
  return startSweeping({ store, cutLog, replica, keys, time, clock, log }, sweepingTimes)
}

function openMetrics(
  { replica, hub }: Verification,
  sources: Omit<NodeFacts, 'clock' | 'lostLogLines' | 'store'> & Pick<OpenedStore, 'store'>,
  { clock, lostLogLines = () => 0 }: World,
): Metrics {
  const metrics = createMetrics(replica, hub, { ...sources, clock, lostLogLines })
  sources.store.onCommitted((entries) => {
    metrics.countRevocations(entries)
  })
  return metrics
}

/**
 * This process can never write again, and does not hear what another one writes into its stream. It
 * goes on answering, with refusals, and does not end: restarted at once it would take the stream
 * back from the node that replaced it, or continue as if nothing had been lost.
 */
async function stopForGood(
  reason: string,
  { store, leases }: OpenedStore,
  hub: FeedHub,
  log: Log,
): Promise<void> {
  log.error(
    { node: store.stream, reason },
    'This node has stopped for good: it accepts nothing until an operator has looked into it and restarts it',
  )
  // Its guards find another node.
  hub.close()
  await leases?.close(hub.heldForMs())
}

async function checkIdentities(store: Store, config: Config, clock: Clock): Promise<void> {
  if (config.demo) {
    const { passwordCost, issuer: publicUrl } = config
    return seedDemo(store, { passwordCost, publicUrl, nowMs: clock.nowMs() })
  }
  if (await hasDemoIdentities(store)) {
    throw new ConfigError(
      'Cannot start: the database holds the demo identities, whose passwords are public; ' +
        'use another data folder, or start with --demo',
    )
  }
}

function createHttp(
  mounts: readonly MountedSurface[],
  addresses: ClientAddresses,
  metrics: Metrics,
  config: Config,
  { clock, log }: World,
): FastifyInstance {
  const app = createApp({
    mounts,
    publicUrl: config.issuer,
    addresses,
    clock,
    log,
    takesUpgrade: isFeedUpgrade,
    observe: (name) => {
      const count = metrics.requestsOf(name)
      if (!config.accessLog) return count
      const { dialect, route } = name
      return (request, status, exactMs) => {
        count(request, status, exactMs)
        const { method, requestId } = request
        const elapsedMs = Math.round(exactMs * 100) / 100
        log.info({ dialect, method, route, status, elapsedMs, requestId }, 'request')
      }
    },
  })
  registerDocumentation(
    app,
    buildDocument({ mounts, publicUrl: config.issuer, version, isDemo: config.demo }),
  )
  return app
}
