import type { CoreDependencies } from '../core/dependencies.ts'
import type { MountedSurface } from '../http/app.ts'
import type { Mvpd } from '../http/dialects/adobe-pass/index.ts'
import type { Config } from './config.ts'
import { demoCallback } from './demo-page.ts'
import { createDemoMvpd, DEMO_MVPD_PREFIX, type DemoMvpd } from './demo-mvpd/index.ts'

/** The TV providers of the Adobe Pass dialect. */
export interface Providers {
  /** The configuration with them. */
  readonly config: Config
  /** What of the demo stands for others: its TV provider, and its OAuth client. */
  readonly mounts: readonly MountedSurface[]
}

const DEMO_PASS_MS = 10 * 60_000
/** The twentieth of November 2286: for as long as the installation lives. */
const NEVER_MS = 9_999_999_999_999

type Needed = Pick<CoreDependencies, 'store' | 'clock' | 'random'>

/** Takes the providers of the configuration; the demo has two of its own where none is configured. */
export async function openProviders(dependencies: Needed, config: Config): Promise<Providers> {
  const { enabled, options } = config.dialects.adobePass
  const demo =
    enabled && config.demo && options.mvpds === undefined
      ? await openDemo(dependencies, config)
      : undefined
  const mvpds = options.mvpds ?? (demo === undefined ? [] : [demo.provider, demoPass(demo)])
  return {
    config: withProviders(config, mvpds),
    mounts: [
      ...(config.demo ? [demoCallback] : []),
      ...(demo === undefined ? [] : [mountDemoMvpd(demo)]),
    ],
  }
}

function withProviders(config: Config, mvpds: readonly Mvpd[]): Config {
  const { dialects } = config
  const { adobePass } = dialects
  const options = { ...adobePass.options, mvpds }
  return { ...config, dialects: { ...dialects, adobePass: { ...adobePass, options } } }
}

function mountDemoMvpd({ surface }: DemoMvpd): MountedSurface {
  const module = { kind: 'own', name: 'demo-mvpd', title: demoCallback.module.title } as const
  return { module, surface, prefix: DEMO_MVPD_PREFIX, host: undefined }
}

async function openDemo(dependencies: Needed, config: Config): Promise<DemoMvpd> {
  const { store, clock, random } = dependencies
  return createDemoMvpd({
    store,
    clock,
    random,
    publicUrl: config.issuer,
    passUrl: config.issuer + config.dialects.adobePass.prefix,
    secret: await demoSecret(dependencies),
  })
}

/** Made once for an installation: a login may begin at one node and end at another. */
async function demoSecret({ store, random }: Needed): Promise<string> {
  const value = Buffer.from(random.bytes(32)).toString('base64url')
  const ticket = { kind: 'demo-mvpd-secret', key: 'secret', value, expiresAtMs: NEVER_MS }
  if (await store.addTicket(ticket, 0)) return value
  const known = await store.findTicket(ticket.kind, ticket.key)
  return known?.value ?? value
}

function demoPass({ provider }: DemoMvpd): Mvpd {
  return {
    id: 'DemoTempPass',
    displayName: 'Demo Temp Pass',
    secret: provider.secret,
    temporaryPassMs: DEMO_PASS_MS,
  }
}
