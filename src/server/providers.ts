import { randomBytes } from 'node:crypto'
import type { Core } from '../core/core.ts'
import type { MountedDialect } from '../http/app.ts'
import type { Mvpd, ProviderLogout } from '../http/dialects/adobe-pass/index.ts'
import { createProviderNotifier } from '../receivers/mvpd.ts'
import type { Config } from './config.ts'
import { createDemoMvpd, DEMO_MVPD_PREFIX, type DemoMvpd } from './demo-mvpd/index.ts'

/** The TV providers of the Adobe Pass dialect, and how they are told of logouts. */
export interface Providers {
  readonly mvpds: readonly Mvpd[]
  readonly mounts: readonly MountedDialect[]
  readonly tell: (event: ProviderLogout) => void
  /** Gives up what is under way. */
  close(): Promise<void>
}

const DEMO_PASS_MS = 10 * 60_000

/** Takes the providers of the configuration; the demo has two of its own where none is configured. */
export function openProviders(core: Core, config: Config): Providers {
  const { clock, log } = core.dependencies
  const { enabled, options } = config.dialects.adobePass
  const demo =
    enabled && config.demo && options.mvpds === undefined ? openDemo(core, config) : undefined
  const mvpds = options.mvpds ?? (demo === undefined ? [] : [demo.provider, demoPass(demo)])
  const notifier = createProviderNotifier({ providers: mvpds, clock, log, fetch })
  return {
    mvpds,
    mounts:
      demo === undefined
        ? []
        : [{ dialect: demo.dialect, prefix: DEMO_MVPD_PREFIX, host: undefined }],
    tell: (event) => {
      notifier.tell(event)
    },
    close: () => notifier.close(),
  }
}

function openDemo(core: Core, config: Config): DemoMvpd {
  const { store, clock, random } = core.dependencies
  return createDemoMvpd({
    store,
    clock,
    random,
    publicUrl: config.issuer,
    passUrl: config.issuer + config.dialects.adobePass.prefix,
    // Both sides are this process, and what is signed lives for minutes.
    secret: randomBytes(32).toString('base64url'),
  })
}

function demoPass({ provider }: DemoMvpd): Mvpd {
  return {
    id: 'DemoTempPass',
    displayName: 'Demo Temp Pass',
    secret: provider.secret,
    temporaryPassMs: DEMO_PASS_MS,
  }
}
