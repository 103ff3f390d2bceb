/**
 * The composition root: the only place that knows every part. It turns a configuration into a
 * server that is ready to listen, and takes it apart in the right order.
 */
import type { FastifyInstance } from 'fastify'
import { createCore, type Core } from '../core/core.ts'
import type { CoreDependencies } from '../core/dependencies.ts'
import { Refusal } from '../domain/failure.ts'
import type { MountedSurface } from '../http/app.ts'
import { ClientAddresses } from '../http/client-address.ts'
import type { NodeView } from '../http/node-view.ts'
import type { Store } from '../ports/store.ts'
import { carryOutDecision, checkDecision } from './after-restore.ts'
import type { Config } from './config.ts'
import { openDependencies } from './dependencies.ts'
import { startDelivering } from './deliveries/index.ts'
import { checkIdentities } from './demo.ts'
import { openHttp } from './http.ts'
import { normalizeIdentifiers } from './identifiers.ts'
import { openIssuers } from './issuers.ts'
import { logCutter } from './cutting.ts'
import { createMetrics } from './metrics.ts'
import { openProviders } from './providers.ts'
import { mountAll } from './mounts.ts'
import { tellIssuer } from './node-issuers.ts'
import { NodeLags } from './node-lags.ts'
import { viewOf } from './node-view.ts'
import { openStore, type OpenedStore } from './open-store.ts'
import { stopForGood, watchReadiness } from './readiness.ts'
import { openReceivers } from './receivers.ts'
import { openSingleSignOn } from './single-sign-on.ts'
import { startSweeping } from './sweeping.ts'
import { keepTickShape } from './tick-shape.ts'
import { openTimekeeper, type Timekeeper } from './timekeeper.ts'
import { openVerification, type Verification } from './verification.ts'
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
  const closing: Closing[] = []
  try {
    return await start(await openNode(config, world, closing), config, world)
  } catch (error) {
    // What still ran would keep a process alive that could not start.
    for (const close of closing.toReversed()) await close()
    if (!(error instanceof Refusal) || error.failure.kind !== 'store_unavailable') throw error
    // The person who starts a server is an operator, and may read the reason.
    throw new Error(`Cannot open the database: ${error.failure.reason}`, { cause: error })
  }
}

type Closing = () => Promise<void> | void

/** What a node has before it has a core: its store, its time, and its replica of the log. */
interface OpenedNode {
  readonly opened: OpenedStore
  readonly mustDecide: boolean
  readonly time: Timekeeper
  readonly verification: Verification
}

/** @param closing Gets what closes each part, as soon as it is open. */
async function openNode(config: Config, world: World, closing: Closing[]): Promise<OpenedNode> {
  const { clock, log } = world
  const opened = await openStore(config, world)
  const { store, leases } = opened
  closing.push(async () => {
    await leases?.close(0)
    await store.close()
  })
  const mustDecide = await checkDecision(store, config)
  await normalizeIdentifiers(store, log)
  await checkIdentities(store, config, clock)
  const time = await openTimekeeper(store, clock, log, world.databaseAheadMs)
  closing.push(() => {
    time.stop()
  })
  const verification = await openVerification(store, leases, mustDecide, config, time, clock, log)
  closing.push(() => {
    verification.hub.close()
    verification.hub.end()
  })
  await tellIssuer(store, leases, config.issuer, clock.nowMs(), log)
  return { opened, mustDecide, time, verification }
}

async function start(base: OpenedNode, config: Config, world: World): Promise<Composition> {
  const { opened, mustDecide, time, verification } = base
  const { store, leases } = opened
  const { replica, hub } = verification
  const { clock, random, log, demoServers } = world
  const addresses = new ClientAddresses(config.trustedProxies, log)
  const readiness = watchReadiness(opened, time)
  const metrics = createMetrics({ store, verification, readiness, time, addresses, world })
  const providers = await openProviders({ store, clock, random }, config)
  const parts = {
    ...base,
    store,
    config,
    world,
    addresses,
    readiness,
    metrics,
    nodeLags: leases && new NodeLags(leases, clock),
    issuers: openIssuers(config, store, clock, log),
    receivers: openReceivers(providers.config, clock, () => core),
    demoServers,
  }
  const dependencies = await openDependencies(parts)
  const { keys } = dependencies
  const core = createCore(dependencies)
  if (mustDecide) await carryOutDecision(core, dependencies, config, log)
  const stopping = new AbortController()
  parts.issuers.refreshUntil(stopping.signal)
  const singleSignOn = await openSingleSignOn(config, clock, log)
  const node = viewOf({ ...parts, singleSignOn, stopping: stopping.signal }, config)
  const { issuer, rateLimitFactor, demo } = config
  const context = { core, node, clock, random, log, issuer, rateLimitFactor, demo }
  const mounts = [...mountAll(providers.config, context), ...providers.mounts]
  void stopForGood(opened, hub, log)
  const http = openHttp({ ...parts, mounts, dependencies })
  const { countDelivery: observe } = metrics
  const stopDelivering = startDelivering({ core, dependencies, observe })
  const cutLog = logCutter(core, time, config.logRetentionDays, log)
  const sweeping = { store, cutLog, replica, keys, time, clock, log }
  const stopSweeping = startSweeping(sweeping, world.sweepingTimes)
  return {
    app: http.app,
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
      await http.close()
      await stopDelivering()
      // Its guards may hold leases a little longer: the other nodes wait for those.
      await leases?.close(hub.heldForMs())
      hub.end()
      await store.close()
    },
  }
}
