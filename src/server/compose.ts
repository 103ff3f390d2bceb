/**
 * The composition root: the only place that knows every part. It turns a configuration into a
 * server that is ready to listen, and takes it apart in the right order.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { createCore, type Core } from '../core/core.ts'
import { openKeyRing } from '../core/key-ring.ts'
import { createApp, type MountedDialect } from '../http/app.ts'
import { addressMatcher } from '../http/client-address.ts'
import { createForwardAuth } from '../http/dialects/forward-auth/index.ts'
import { createOperations } from '../http/dialects/operations/index.ts'
import type { Receipt } from '../domain/receipt.ts'
import type { Clock } from '../ports/clock.ts'
import type { Confirmation } from '../ports/confirmation.ts'
import type { Log } from '../ports/log.ts'
import type { OtpSender } from '../ports/otp-sender.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import { openSqliteStore } from '../stores/sqlite/store.ts'
import { Replica } from '../verifier/replica.ts'
import { createTokenVerifier } from '../verifier/token-verifier.ts'
import { ConfigError, type Config } from './config.ts'
import { hasDemoIdentities, seedDemo } from './demo.ts'
import { mountDialects } from './dialects.ts'
import { longestAccessLifetime } from './longest-lifetime.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { applyRevocations, fillReplica } from './replicate.ts'
import { startSweeping } from './sweeping.ts'

/** What of the world is given to a composition, so that tests can give another. */
export interface World {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly otpSender: OtpSender
}

export interface Composition {
  readonly app: FastifyInstance
  readonly core: Core
  readonly store: Store
  /** Finishes what was accepted, then closes everything. */
  close(): Promise<void>
}

const VERIFIED_TOKENS = 50_000

/**
 * Puts a server together.
 *
 * @throws {ConfigError} Where the data and the configuration do not go together.
 * @throws {Refusal} `store_unavailable` where the store cannot be opened.
 */
export async function compose(config: Config, world: World): Promise<Composition> {
  const store = await openStore(config, world.log)
  try {
    return await composeWith(store, config, world)
  } catch (error) {
    await store.close()
    throw error
  }
}

async function openStore(config: Config, log: Log): Promise<Store> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  return openSqliteStore({
    path: join(config.dataDir, 'outright.db'),
    stream: 'node-1',
    durability: config.durability,
    log,
  })
}

async function composeWith(store: Store, config: Config, world: World): Promise<Composition> {
  const { clock, log } = world
  await checkIdentities(store, config, clock)
  const replica = new Replica()
  const metrics = createMetrics(replica)
  // Subscribed before the replica is filled: what is committed meanwhile may come twice, never not at all.
  store.onCommitted((entries) => {
    applyRevocations(replica, entries)
    metrics.countRevocations(entries)
  })
  await fillReplica(replica, store, clock.nowMs())
  const core = await openCore(store, replica, config, world)
  const app = createApp({
    mounts: mountAll(core, metrics, config),
    publicUrl: config.issuer,
    isTrustedProxy: addressMatcher(config.trustedProxies),
    clock,
    log,
    observe: (observation) => {
      metrics.observeRequest(observation)
      if (config.accessLog) log.info({ ...observation }, 'request')
    },
  })
  const stopSweeping = startSweeping(store, replica, clock, log)
  return {
    app,
    core,
    store,
    async close() {
      stopSweeping()
      await app.close()
      await store.close()
    },
  }
}

async function checkIdentities(store: Store, config: Config, clock: Clock): Promise<void> {
  if (config.demo) return seedDemo(store, config.passwordCost, clock.nowMs())
  if (await hasDemoIdentities(store)) {
    throw new ConfigError(
      'Cannot start: the database holds the demo identities, whose passwords are public; ' +
        'use another data folder, or start with --demo',
    )
  }
}

async function openCore(
  store: Store,
  replica: Replica,
  config: Config,
  { clock, random, log, otpSender }: World,
): Promise<Core> {
  const longestAccessLifetimeMs = await longestAccessLifetime(store, config)
  const keys = await openKeyRing({
    store,
    clock,
    random,
    algorithm: config.signingAlgorithm,
    longestAccessLifetimeMs,
  })
  const verifier = createTokenVerifier({
    replica,
    keys: keys.find,
    issuer: () => config.issuer,
    nowMs: () => clock.nowMs(),
    isCurrent: () => true,
    capacity: VERIFIED_TOKENS,
  })
  return createCore({
    store,
    clock,
    random,
    log,
    keys,
    verifier,
    confirmation: confirmationOfOne(),
    otpSender,
    issuer: config.issuer,
    audiences: config.audiences,
    longestAccessLifetimeMs,
    passwordCost: config.passwordCost,
  })
}

function mountAll(core: Core, metrics: Metrics, config: Config): readonly MountedDialect[] {
  const { store, keys, clock } = core.dependencies
  const context = {
    core,
    clock,
    issuer: config.issuer,
    rateLimitFactor: config.rateLimitFactor,
    demo: config.demo,
  }
  const operations = createOperations({
    keys,
    ready: () => store.ready(),
    metrics: () => metrics.render(),
  })
  const atRoot = { prefix: '', host: undefined }
  return [
    { dialect: operations, ...atRoot },
    { dialect: createForwardAuth({ core }, config.forwardAuth), ...atRoot },
    ...mountDialects(config, context, {
      tellProvider: undefined,
      countDevice: (call, deviceType) => {
        metrics.countDevice(call, deviceType)
      },
    }),
  ]
}

/** Where this node is the one verifier, what it has applied is confirmed. */
function confirmationOfOne(): Confirmation {
  const receipt = (revocationId: string): Receipt => ({
    revocationId,
    confirmed: true,
    acknowledged: 1,
    verifiers: 1,
    lapsed: 0,
    elapsedMs: 0,
  })
  return { confirmed: ({ id }) => Promise.resolve(receipt(id)), receipt }
}
