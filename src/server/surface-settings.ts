/** The settings of all surfaces, made from the list of their modules. */
import type { AnySurfaceModule, OptionsOf } from '../http/surface-module.ts'
import { Type, type TSchema } from 'typebox'
import { isPlainObject } from '../settings/read.ts'
import { checked, flag, group, list, optional, together, type Group } from '../settings/schema.ts'
import { place } from './place-settings.ts'
import * as surfaces from './surfaces.ts'

type Surfaces = typeof surfaces
type NamesOf<Kind> = {
  [K in keyof Surfaces]: Surfaces[K] extends { readonly kind: Kind } ? K : never
}[keyof Surfaces]
type All<Union> = (Union extends unknown ? (one: Union) => void : never) extends (
  all: infer Intersection,
) => void
  ? Intersection
  : never

/** Where a dialect is served. */
export interface Place {
  readonly prefix: string
  readonly host?: string
  readonly origins?: readonly string[]
}

/** Where a dialect is served and how it behaves. */
export interface DialectConfig<Options> extends Place {
  readonly enabled: boolean
  readonly options: Options
}

/** Those that are built in, by their names in the list. */
export type DialectConfigs = {
  readonly [K in NamesOf<'dialect'>]: DialectConfig<OptionsOf<Surfaces[K]>>
}

/** A dialect of an installation's own. */
export interface CustomDialect extends Partial<Place> {
  readonly dialect: AnySurfaceModule & { readonly kind: 'dialect' }
  readonly options?: Readonly<Record<string, unknown>>
}

/** What the surfaces of Outright's own read. */
export type OwnSettings = All<OptionsOf<Surfaces[NamesOf<'own'>]>>

/** What the surfaces of all kinds read. */
export type SurfaceSettings = OwnSettings & {
  readonly dialects: DialectConfigs
  readonly customDialects: readonly CustomDialect[]
}

/** Every module of the list, with its name there. */
export const surfaceModules: readonly (readonly [string, AnySurfaceModule])[] =
  Object.entries(surfaces)

const places = place()

const customDialect: Group<CustomDialect> = group<CustomDialect>(
  {
    dialect: checked({ allowed: 'what `defineDialect` makes' }, (value) =>
      ['kind', 'name', 'options', 'create'].every((name) => Object.hasOwn(Object(value), name)),
    ),
    ...places,
    prefix: optional(places.prefix),
    // Held against the module's own schema by `config-rules.ts`.
    options: optional(checked({ allowed: 'settings' }, isPlainObject)),
  },
  { allowed: '`{ dialect, prefix, host, origins, options }`' },
)

/** All of it as one schema. */
export const surfaceSchema: Group<SurfaceSettings> = together<SurfaceSettings>([
  ...surfaceModules.filter(([, { kind }]) => kind === 'own').map(([, { options }]) => options),
  group<Pick<SurfaceSettings, 'dialects' | 'customDialects'>>({
    dialects: together<DialectConfigs>(
      surfaceModules
        .filter(([, { kind }]) => kind === 'dialect')
        .map(([name, { options }]) => Type.Object({ [name]: dialectConfig(options) })),
    ),
    customDialects: list(customDialect, {
      description: 'dialects of your own: see [dialects.md](dialects.md)',
      default: [],
      allowed: 'a list of `{ dialect, prefix, host, origins, options }`',
    }),
  }),
])

function dialectConfig(options: TSchema): Group<DialectConfig<unknown>> {
  const enabled = flag({ description: 'whether it is served', default: true })
  return group<DialectConfig<unknown>>({ enabled, ...places, options })
}
