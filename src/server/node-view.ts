import type { ClientAddresses } from '../http/client-address.ts'
import type { DialectView, IssuersView, NodeView, SingleSignOn } from '../http/node-view.ts'
import type { Config } from './config.ts'
import { consoleFilesReader } from './console-files.ts'
import { demoView } from './demo-page.ts'
import type { DemoServersView } from './demo-servers.ts'
import type { Metrics } from './metrics.ts'
import type { NodeLags } from './node-lags.ts'
import type { OpenedStore } from './open-store.ts'
import type { Readiness } from './readiness.ts'
import { surfaceModules } from './surface-settings.ts'
import type { Timekeeper } from './timekeeper.ts'
import type { Verification } from './verification.ts'
import { version } from './version.ts'

export interface NodeParts {
  readonly addresses: ClientAddresses
  readonly opened: Pick<OpenedStore, 'leases' | 'backup'>
  readonly verification: Verification
  /** Undefined where there is one node. */
  readonly nodeLags: NodeLags | undefined
  readonly issuers: IssuersView & Pick<NodeView, 'clientKeys'>
  readonly singleSignOn: SingleSignOn | undefined
  readonly metrics: Metrics
  readonly readiness: Readiness
  readonly time: Pick<Timekeeper, 'trustedMs'>
  /** Aborted when the server stops. */
  readonly stopping: AbortSignal
  /** Undefined: there are none. */
  readonly demoServers: DemoServersView | undefined
}

/** This node as its surfaces see it. */
export function viewOf(parts: NodeParts, config: Config): NodeView {
  const { addresses, opened, verification, nodeLags, issuers, metrics, readiness, time } = parts
  const { leases, backup } = opened
  const { hub, replica, watches } = verification
  return {
    version,
    hub,
    replica,
    otherNodes: () => leases?.others() ?? [],
    lagMsOf: (name) => nodeLags?.of(name),
    addressNotices: () => addresses.notices,
    issuers,
    singleSignOn: parts.singleSignOn,
    clientKeys: issuers.clientKeys,
    refusal: () => readiness.refusal(),
    trustedMs: () => time.trustedMs(),
    statistics: () => metrics.read(),
    metrics: () => metrics.render(),
    countDevice: (call, deviceType) => {
      metrics.countDevice(call, deviceType)
    },
    watch: (claims, callback) => watches.add(claims, callback),
    backup,
    dataDir: config.dataDir,
    stopping: parts.stopping,
    dialects: dialectsOf(config),
    pages: surfaceModules.flatMap(([, { page }]) => page ?? []),
    consoleFiles: consoleFilesReader(),
    demo: config.demo ? demoView(config, parts.demoServers) : undefined,
  }
}

function dialectsOf({ customDialects }: Config): readonly DialectView[] {
  const modules = [
    ...surfaceModules.map(([, module]) => module),
    ...customDialects.map(({ dialect }) => dialect),
  ]
  return modules
    .flatMap(({ kind, name, title, clientDialects, sessionDialect }) => [
      ...(clientDialects ?? (kind === 'dialect' ? [{ name, title }] : [])).map((one) => ({
        ...one,
        ofClients: true,
      })),
      ...(sessionDialect === undefined ? [] : [{ ...sessionDialect, ofClients: false }]),
    ])
    .toSorted((one, other) => (one.title < other.title ? -1 : 1))
}
