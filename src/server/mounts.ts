/** Every surface where the configuration wants it, made from the list of their modules. */
import type { MountedSurface } from '../http/app.ts'
import type { SurfaceContext } from '../http/context.ts'
import type { AnySurfaceModule } from '../http/surface-module.ts'
import { filledIn } from '../settings/read.ts'
import type { Config } from './config.ts'
import { surfaceModules, type DialectConfig } from './surface-settings.ts'

/** @param context What every surface is made from; its prefix is its own. */
export function mountAll(
  config: Config,
  context: Omit<SurfaceContext, 'prefix'>,
): readonly MountedSurface[] {
  const configs: Readonly<Record<string, DialectConfig<unknown> | undefined>> = config.dialects
  const mounts = [
    ...surfaceModules.flatMap(([name, module]) => {
      if (module.kind === 'own') return [mount(module, context, config, {})]
      const own = configs[name]
      return own?.enabled === true ? [mount(module, context, own.options, own)] : []
    }),
    ...config.customDialects.map(({ dialect, options = {}, ...place }) =>
      mount(dialect, context, filledIn(dialect.options, options, config.demo), place),
    ),
  ]
  const rank = ({ module }: (typeof mounts)[number]): number => (module.claimsRest ? 1 : 0)
  return mounts.sort((one, other) => rank(one) - rank(other))
}

function mount(
  module: AnySurfaceModule,
  context: Omit<SurfaceContext, 'prefix'>,
  options: unknown,
  place: Partial<Pick<MountedSurface, 'prefix' | 'host' | 'origins'>>,
) {
  const { prefix = '', host, origins } = place
  // The configuration has held them against the module's own schema.
  const own = options as never
  const surface = module.create({ ...context, prefix }, own)
  return { module, surface, prefix, host, origins, longestTokenMs: module.longestTokenMs?.(own) }
}
