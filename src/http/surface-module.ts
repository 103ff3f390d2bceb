import type { TSchema } from 'typebox'
import type { Client, Subject } from '../domain/identity.ts'
import type { DemoOperator } from '../domain/operator.ts'
import { group, type Group } from '../settings/schema.ts'
import type { SurfaceContext } from './context.ts'
import type { Surface, Method } from './surface.ts'

/** One module of what answers HTTP: all that the server knows of it before it is made. */
export interface SurfaceModule<Options> extends AnySurfaceModule {
  /** Schema of its settings. */
  readonly options: Group<Options>
  /** The longest life of an access token that it issues, in milliseconds; without it: none. */
  longestTokenMs?(options: NoInfer<Options>): number
  create(context: SurfaceContext, options: NoInfer<Options>): Surface
}

/** A module, whatever its settings are. */
export interface AnySurfaceModule {
  /** Where its settings are: those of a dialect under `dialects`, with its place; else at the top. */
  readonly kind: 'dialect' | 'own'
  /** Its name in metrics and the access log. */
  readonly name: string
  /** Its name for people. */
  readonly title: string
  readonly options: TSchema
  /** True: of the paths that it claims, it answers only for those that no other surface claims. */
  readonly claimsRest?: true
  /** What clients of it may have as their `dialect`. Default: a dialect's own name, else none. */
  readonly clientDialects?: readonly NamedDialect[]
  /** The `dialect` of sessions that it opens for no client of the directory. */
  readonly sessionDialect?: NamedDialect
  /** Who can log in with `--demo`. */
  readonly demo?: DemoIdentities
  /** A page of it that people look for: the front page links to it. */
  readonly page?: PageLink
  longestTokenMs?(options: never): number
  create(context: SurfaceContext, options: never): Surface
}

/** A value of `dialect`. */
export interface NamedDialect {
  readonly name: string
  /** As people read it. */
  readonly title: string
}

/** A module of an emulated API, built in or an installation's own: see `docs/dialects.md`. */
export interface DialectModule<Options> extends SurfaceModule<Options> {
  readonly kind: 'dialect'
}

/** A module of Outright's own. */
export interface OwnModule<Options> extends SurfaceModule<Options> {
  readonly kind: 'own'
}

/** The settings that a module has. */
export type OptionsOf<M> = M extends SurfaceModule<infer Options> ? Options : never

/** Makes a dialect, which is created with options that its schema has accepted. */
export function defineDialect<Options>(
  module: Omit<DialectModule<Options>, 'kind'>,
): DialectModule<Options> {
  return { kind: 'dialect', ...module }
}

/** Makes a surface of Outright's own. */
export function defineOwn<Options>(module: Omit<OwnModule<Options>, 'kind'>): OwnModule<Options> {
  return { kind: 'own', ...module }
}

/** Makes one that has no settings. */
export function definePlain(
  module: Omit<OwnModule<object>, 'kind' | 'options'>,
): OwnModule<object> {
  return defineOwn({ options: group<object>({}), ...module })
}

/** A link to a page. */
export interface PageLink {
  readonly path: string
  readonly name: string
  /** What is there, in a few words. */
  readonly what: string
  /** Who gets in with the demo. */
  readonly demoLogin?: { readonly name: string; readonly password: string }
}

/** Identities of the demo. Their secrets are public by design. */
export interface DemoIdentities {
  readonly subjects?: readonly DemoSubject[]
  readonly clients?: readonly DemoClient[]
  readonly operators?: readonly DemoOperator[]
  /** What a person needs to try it. */
  readonly shown: { readonly who: string; readonly secret: string }
  /** How one of them logs in and out; without it there is nothing to show. */
  readonly tour?: Tour
}

/** The calls of a login, in order, of which one takes the `token`, and that of its logout. */
export interface Tour {
  /** The identity and what its logout ends, in a sentence for people. */
  readonly says: string
  readonly login: readonly TourCall[]
  readonly logout: TourCall
}

/**
 * One call. `{name}` stands for what an earlier call has taken; `{device}` for a name that each
 * page makes for itself.
 */
export interface TourCall {
  readonly method: Method
  /** Within the surface. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /**
   * The member of its answer (`a.b`: one within another) that later calls use, by their name for
   * it.
   */
  readonly takes?: Readonly<Record<string, string>>
  /** True: what it takes is in base64. */
  readonly isBase64?: true
  /** True: its answer says what the server has told Outright (`ToldRequest`). */
  readonly tells?: true
}

export type DemoSubject = Partial<Subject> & { readonly id: string; readonly password?: string }

export type DemoClient = Partial<Client> & {
  readonly id: string
  readonly dialect: string
  readonly key: string
  readonly secret?: string
}
