/** The HTTP application of a node, with the feed of its guards. */
import type { FastifyInstance } from 'fastify'
import type { CoreDependencies } from '../core/dependencies.ts'
import { attachFeed, isFeedUpgrade } from '../feed/index.ts'
import { createApp, type MountedSurface, type Observe } from '../http/app.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { registerDocumentation } from '../http/documentation.ts'
import { buildDocument } from '../http/openapi.ts'
import type { Log } from '../ports/log.ts'
import { gracefulClose } from './close-gracefully.ts'
import type { Config } from './config.ts'
import { callersOf, guardConnections } from './guard-connections.ts'
import type { Metrics } from './metrics.ts'
import type { Verification } from './verification.ts'
import { version } from './version.ts'

export interface HttpParts {
  readonly mounts: readonly MountedSurface[]
  readonly addresses: ClientAddresses
  readonly metrics: Pick<Metrics, 'requestsOf'>
  readonly verification: Pick<Verification, 'hub'>
  readonly dependencies: CoreDependencies
  readonly config: Pick<Config, 'issuer' | 'demo' | 'accessLog'>
}

export interface Http {
  readonly app: FastifyInstance
  /** Stops taking requests, and finishes what was accepted. */
  readonly close: () => Promise<void>
}

/** Makes the application; it does not listen yet. */
export function openHttp(parts: HttpParts): Http {
  const { mounts, addresses, metrics, verification, dependencies, config } = parts
  const { clock, log } = dependencies
  const { issuer: publicUrl, demo: isDemo } = config
  const app = createApp({
    mounts,
    publicUrl,
    addresses,
    clock,
    log,
    takesUpgrade: isFeedUpgrade,
    observe: config.accessLog ? logged(metrics.requestsOf, log) : metrics.requestsOf,
  })
  registerDocumentation(app, buildDocument({ mounts, publicUrl, version, isDemo }))
  const close = gracefulClose(app, clock)
  attachFeed(app.server, {
    hub: verification.hub,
    clock,
    authenticate: guardConnections(dependencies),
    ...callersOf(addresses),
  })
  return { app, close }
}

function logged(observe: Observe, log: Log): Observe {
  return (name) => {
    const count = observe(name)
    const { dialect, route } = name
    return (request, status, exactMs) => {
      count(request, status, exactMs)
      const { method, requestId } = request
      const elapsedMs = Math.round(exactMs * 100) / 100
      log.info({ dialect, method, route, status, elapsedMs, requestId }, 'request')
    }
  }
}
