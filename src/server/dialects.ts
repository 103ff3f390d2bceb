import type { DialectContext } from '../http/context.ts'
import type { MountedDialect } from '../http/app.ts'
import type { Dialect } from '../http/dialect.ts'
import { createAdobePass } from '../http/dialects/adobe-pass/index.ts'
import { createBaanx } from '../http/dialects/baanx/index.ts'
import { createDirectLink } from '../http/dialects/directlink/index.ts'
import { createMatar } from '../http/dialects/matar/index.ts'
import { createOctopus } from '../http/dialects/octopus/index.ts'
import { filledIn } from '../settings/read.ts'
import type { Config, CustomDialect, DialectConfig } from './config.ts'
import type { Metrics } from './metrics.ts'
import type { Providers } from './providers.ts'

type Create<Options> = (context: DialectContext, options: Options) => Dialect

/** The five dialects that the configuration switches on, where it wants them. */
export function mountDialects(
  config: Config,
  shared: DialectContext,
  providers: Providers,
  metrics: Metrics,
): readonly MountedDialect[] {
  const { directlink, matar, octopus, adobePass, baanx } = config.dialects
  const mount = <Options>(
    { enabled, prefix, host, origins, options }: DialectConfig<Options>,
    create: Create<Options>,
  ): readonly MountedDialect[] =>
    enabled ? [{ dialect: create({ ...shared, prefix }, options), prefix, host, origins }] : []
  return [
    ...mount(directlink, createDirectLink),
    ...mount(octopus, createOctopus),
    ...mount(baanx, createBaanx),
    // Before Matar: both live under /api/v1, and Matar answers for what is nobody's there.
    ...mount(adobePass, (context, options) =>
      createAdobePass(context, {
        countDevice: (call, deviceType) => {
          metrics.countDevice(call, deviceType)
        },
        mvpds: providers.mvpds,
        ...options,
      }),
    ),
    ...mount(matar, createMatar),
    ...config.customDialects.map((custom) => mountCustom(custom, shared)),
  ]
}

function mountCustom(custom: CustomDialect, shared: DialectContext): MountedDialect {
  if (typeof custom === 'function') {
    const dialect = custom({ ...shared, prefix: '' })
    return { dialect, prefix: '', host: undefined }
  }
  const { dialect, prefix = '', host, origins, options = {} } = custom
  const settings = filledIn(dialect.options, options, shared.demo)
  return { dialect: dialect.create({ ...shared, prefix }, settings), prefix, host, origins }
}
