/**
 * The vocabulary in which settings are written down: one schema says what a setting is called, what
 * it may be, its default, and what it means. This folder owns how such a schema is made (here) and
 * how a value is checked against it (`read.ts`). It owns no setting: each part of the server writes
 * its own schema beside its code, and `src/server/config-schema.ts` puts them together. The tables
 * of the documentation are made from the same schemas (`test/documents`).
 *
 * A schema is a JSON Schema made by TypeBox, so that it checks itself; what only settings have
 * (variable, flag, secrecy) stands beside the standard's words.
 */
import { Type, type TSchema } from 'typebox'

declare const meaning: unique symbol

/** A schema of values of type `T`. Exactly `T`: a choice that lacks a word does not compile. */
export interface Setting<T> extends TSchema, Notes<T> {
  readonly [meaning]?: (value: T) => T
}

/** A schema of a value that may be left out. */
export interface OptionalSetting<T> extends Setting<T> {
  readonly '~optional'?: true
}

/** Settings under names. Nothing else may stand among them. */
export interface Group<T> extends Setting<T> {
  readonly properties: Readonly<Record<keyof T & string, Setting<unknown>>>
}

/** What is written beside a schema. */
export type Notes<T> = {
  /** What it is for, in a few words without a full stop. */
  readonly description?: string
  /** The value where none is given. A setting that has none, and is not `optional`, is required. */
  readonly default?: NoInfer<T>
  /** The same with `--demo`, where that differs. */
  readonly demoDefault?: NoInfer<T>
  /** How documentation says the default, where the value itself would not do. */
  readonly defaultText?: string
  /** Variable of the environment that sets it. */
  readonly variable?: string
  /** Option of `outright serve` that sets it. */
  readonly flag?: string
  /** True: its value is never shown. */
  readonly secret?: boolean
  /** How messages and documentation say what is allowed, where the schema alone would not do. */
  readonly allowed?: string
  /** What a number counts. */
  readonly unit?: 'ms'
  /** True: an address, of which only the part before `?` is shown, and no password. */
  readonly holdsUrl?: boolean
}

/** What may be given where `T` is what is used: any part of the groups, lists and choices whole. */
export type Given<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] | undefined
    ? T[K]
    : T[K] extends object | undefined
      ? Given<NonNullable<T[K]>>
      : T[K]
}

/** The settings of a group, by name. */
export type Members<T> = {
  readonly [K in keyof T]-?: undefined extends T[K]
    ? OptionalSetting<Exclude<T[K], undefined>>
    : Setting<T[K]>
}

type Bounds = { readonly minimum?: number; readonly maximum?: number }

/** Says what TypeBox's own types do not: of which type the values are. */
export function typed<T>(schema: TSchema): Setting<T> {
  return schema
}

/** Settings that stand together. */
export function group<T>(members: Members<T>, notes: Notes<T> = {}): Group<T> {
  const properties = members as Record<string, TSchema>
  return Type.Object(properties, { ...notes, additionalProperties: false }) as unknown as Group<T>
}

/** The settings of several groups as one. */
export function together<T>(groups: readonly TSchema[]): Group<T> {
  const properties = groups.map((one) => (one as unknown as Group<object>).properties)
  return group(Object.assign({}, ...properties) as Members<T>)
}

/** Marks what may be left out, and then has no value. */
export function optional<T>(setting: Setting<T>): OptionalSetting<T> {
  return Type.Optional(setting)
}

/** True or false. */
export function flag(notes: Notes<boolean>): Setting<boolean> {
  return typed(Type.Boolean(notes))
}

/** A whole number. */
export function integer(notes: Notes<number> & Bounds): Setting<number> {
  return typed(Type.Integer(notes))
}

/** Any number. */
export function number(
  notes: Notes<number> & Bounds & { readonly exclusiveMinimum?: number },
): Setting<number> {
  return typed(Type.Number(notes))
}

/** How long something lasts, in whole milliseconds. */
export function duration(notes: Notes<number> & Required<Bounds>): Setting<number> {
  return integer({ ...notes, unit: 'ms' })
}

const SECOND_MS = 1000
/** What revocations are remembered by counts seconds up to the year 2106: ten years fit. */
const MAX_LIFE_MS = 3650 * 86_400_000

/** How long something that was issued is good, in milliseconds: a second to ten years. */
export function lifetime(notes: Notes<number>): Setting<number> {
  return duration({ ...notes, minimum: SECOND_MS, maximum: MAX_LIFE_MS })
}

/** Text that is not empty. */
export function text(
  notes: Notes<string> & {
    readonly pattern?: string
    readonly minLength?: number
    readonly maxLength?: number
  },
): Setting<string> {
  return typed(Type.String({ minLength: 1, ...notes }))
}

/** Text that a function has to accept; `allowed` says what it accepts. */
export function checkedText(
  notes: Notes<string> & { readonly allowed: string },
  isGood: (text: string) => boolean,
): Setting<string> {
  return typed(Type.Refine(Type.String(notes), isGood))
}

/**
 * An http or https address; `isGood` may ask for more. White space and control characters are
 * refused, which `URL` drops without a word: most users of a setting take it as it was written.
 */
export function httpUrl(
  notes: Notes<string>,
  isGood: (url: URL, written: string) => boolean = () => true,
): Setting<string> {
  const allowed = notes.allowed ?? 'an http or https URL'
  return checkedText({ ...notes, allowed, holdsUrl: true }, (value) => {
    const url = URL.parse(value)
    if (url === null || /[\s\p{Cc}]/u.test(value)) return false
    return (url.protocol === 'http:' || url.protocol === 'https:') && isGood(url, value)
  })
}

/** A host as it stands in a URL, which is how requests name it. */
export function hostInUrl(notes: Notes<string>): Setting<string> {
  const allowed = 'a host as it stands in a URL, in lower case, with its port where it has one'
  return checkedText({ allowed, ...notes }, (host) =>
    ['https', 'http'].some((scheme) => URL.parse(`${scheme}://${host}`)?.host === host),
  )
}

/** One of a few words. */
export function choice<const W extends string>(words: readonly W[], notes: Notes<W>): Setting<W> {
  return typed(Type.Enum<string[]>([...words], notes))
}

/** Any number of values of one kind, each once unless it `repeats`. */
export function list<T>(
  items: Setting<T>,
  {
    repeats = false,
    ...notes
  }: Notes<readonly T[]> & { readonly minItems?: number; readonly repeats?: boolean },
): Setting<readonly T[]> {
  return typed(Type.Array(items, { ...notes, uniqueItems: !repeats }))
}

/** Texts under names that are not known beforehand. */
export function dictionary<T>(
  values: Setting<T>,
  notes: Notes<Readonly<Record<string, T>>>,
): Setting<Readonly<Record<string, T>>> {
  return typed(Type.Record(Type.String(), values, notes))
}

/** A function, which only a TypeScript file can give. */
export function hook<F extends (...parameters: never) => unknown>(notes: Notes<F>): Setting<F> {
  return checked({ allowed: 'a function', ...notes }, (value) => typeof value === 'function')
}

/** A value with a check of its own. */
export function checked<T>(
  notes: Notes<T> & { readonly allowed: string },
  isGood: (value: unknown) => boolean,
): Setting<T> {
  return typed(Type.Refine(Type.Unsafe<T>(notes), isGood, () => `must be ${notes.allowed}`))
}

/** One of several schemas, told apart by the kind of value: a word or a group, say. */
export function either<A, B>(
  one: Setting<A>,
  other: Setting<B>,
  notes: Notes<A | B>,
): Setting<A | B> {
  return typed(Type.Union([one, other], notes))
}

/** One of several groups, told apart by their `kind`. */
export function kinds<T extends { readonly kind: string }>(
  members: { readonly [K in T['kind']]: Members<Omit<Extract<T, { readonly kind: K }>, 'kind'>> },
  notes: Notes<T>,
): Setting<T> {
  const branches = Object.entries<Record<string, TSchema>>(members).map(([kind, others]) =>
    Type.Object({ kind: Type.Literal(kind), ...others }, { additionalProperties: false }),
  )
  return typed(Type.Union(branches, notes))
}
