import type { DialectContext } from '../http/context.ts'
import type { MountedDialect } from '../http/app.ts'
import type { Dialect } from '../http/dialect.ts'
import { createAdobePass } from '../http/dialects/adobe-pass/index.ts'
import { createBaanx } from '../http/dialects/baanx/index.ts'
import { createDirectLink } from '../http/dialects/directlink/index.ts'
import { createMatar } from '../http/dialects/matar/index.ts'
import { createOctopus } from '../http/dialects/octopus/index.ts'
import type { Config, DialectConfig } from './config.ts'

type Create<Options> = (context: DialectContext, options?: Partial<Options>) => Dialect

export interface DialectServices {
  readonly tellProvider: NonNullable<Parameters<typeof createAdobePass>[1]>['tellProvider']
  readonly countDevice: (call: string, deviceType: string) => void
}

/** The five dialects that the configuration switches on, where it wants them. */
export function mountDialects(
  config: Config,
  shared: Omit<DialectContext, 'prefix'>,
  services: DialectServices,
): readonly MountedDialect[] {
  const { directlink, matar, octopus, adobePass, baanx } = config.dialects
  const mount = <Options>(
    { enabled, prefix, host, options }: DialectConfig<Options>,
    create: Create<Options>,
  ): readonly MountedDialect[] =>
    enabled ? [{ dialect: create({ ...shared, prefix }, options), prefix, host }] : []
  return [
    ...mount(directlink, createDirectLink),
    ...mount(octopus, createOctopus),
    ...mount(baanx, createBaanx),
    // Before Matar: both live under /api/v1, and Matar answers for what is nobody's there.
    ...mount(adobePass, (context, options) =>
      createAdobePass(context, { ...servicesOf(services), ...options }),
    ),
    ...mount(matar, createMatar),
  ]
}

function servicesOf({ tellProvider, countDevice }: DialectServices): object {
  return tellProvider === undefined ? { countDevice } : { tellProvider, countDevice }
}
