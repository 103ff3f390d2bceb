/**
 * Everything that answers requests, each where it belongs. The order matters for paths that two
 * own.
 */
import type { Core } from '../core/core.ts'
import type { MountedDialect } from '../http/app.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import type { DialectContext } from '../http/context.ts'
import { createAdmin } from '../http/surfaces/admin/index.ts'
import { createFrontPage } from '../http/surfaces/front-page/index.ts'
import { createForwardAuth } from '../http/surfaces/forward-auth/index.ts'
import { createOperations } from '../http/surfaces/health/index.ts'
import { createSessionEvents } from '../http/surfaces/session-events/index.ts'
import type { Dialect } from '../http/dialect.ts'
import { adminOptions } from './admin-services.ts'
import type { Config } from './config.ts'
import { createDemoCallback, demoView } from './demo-page.ts'
import { mountDialects } from './dialects.ts'
import type { Metrics } from './metrics.ts'
import type { NodeLags } from './node-lags.ts'
import type { OpenedStore } from './open-store.ts'
import type { Providers } from './providers.ts'
import type { Readiness } from './readiness.ts'
import type { Verification } from './verification.ts'
import { version } from './version.ts'

export interface MountParts {
  readonly config: Config
  readonly core: Core
  readonly addresses: ClientAddresses
  readonly opened: OpenedStore
  readonly verification: Verification
  /** Undefined where there is one node. */
  readonly nodeLags: NodeLags | undefined
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly providers: Providers
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
}

export function mountAll(parts: MountParts): readonly MountedDialect[] {
  const { config, core, metrics, providers } = parts
  const context: DialectContext = {
    core,
    clock: core.dependencies.clock,
    issuer: config.issuer,
    prefix: '',
    rateLimitFactor: config.rateLimitFactor,
    demo: config.demo,
  }
  return [
    atRoot(operations(parts)),
    atRoot(createFrontPage({ version, demo: config.demo ? demoView(config) : undefined })),
    ...(config.demo ? [atRoot(createDemoCallback())] : []),
    atRoot(createForwardAuth({ core }, config.forwardAuth)),
    atRoot(admin(parts, context)),
    ...providers.mounts,
    atRoot(sessionEvents(parts)),
    ...mountDialects(config, context, providers, metrics),
  ]
}

function atRoot(dialect: Dialect): MountedDialect {
  return { dialect, prefix: '', host: undefined }
}

function operations({ config, core, readiness, metrics }: MountParts): Dialect {
  return createOperations({
    keys: core.dependencies.keys,
    refusal: () => readiness.refusal(),
    metricsToken: config.metricsToken,
    metrics: () => metrics.render(),
  })
}

function admin(parts: MountParts, context: DialectContext): Dialect {
  const { config, core, addresses, opened, verification, nodeLags, stopping } = parts
  const { leases, backup } = opened
  const { hub, replica } = verification
  const { dependencies } = core
  return createAdmin(
    context,
    adminOptions({
      config,
      addresses,
      dependencies,
      hub,
      leases,
      nodeLags,
      replica,
      stopping,
      backup,
    }),
  )
}

function sessionEvents({ core, verification, stopping }: MountParts): Dialect {
  const { verifier, clock } = core.dependencies
  let asked: Promise<unknown> | undefined
  return createSessionEvents({
    verifier,
    clock,
    watch: (claims, callback) => verification.watches.add(claims, callback),
    // Thousands of streams may end in one turn: they wait together, from the end of that turn on.
    over: () =>
      (asked ??= Promise.resolve().then(() => {
        asked = undefined
        return core.awaitEnded({ wait: true })
      })),
    stopping,
  })
}
