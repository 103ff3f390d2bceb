import type { Group } from '../settings/schema.ts'
import type { DialectContext } from './context.ts'
import type { Dialect } from './dialect.ts'

/** A dialect of an installation's own with settings: see `docs/dialects.md`. */
export interface DialectModule {
  /** What messages call it. */
  readonly name: string
  /** Schema of its options. */
  readonly options: Group<unknown>
  create(context: DialectContext, options: unknown): Dialect
}

/** Makes a module of a dialect, which is created with options that its schema has accepted. */
export function defineDialect<Options>(module: {
  readonly name: string
  readonly options: Group<Options>
  create(context: DialectContext, options: Options): Dialect
}): DialectModule {
  const { name, options } = module
  return {
    name,
    options: options as unknown as Group<unknown>,
    create: (context, settings) => module.create(context, settings as Options),
  }
}
