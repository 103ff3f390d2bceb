/** Holds what was given against a schema, and fills in what was not. */
import { Type, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { allowedBy, shown } from './words.ts'
import type { Given, Group, Notes } from './schema.ts'
import { nearest } from './nearest.ts'

/** Where a value stands and where it came from. */
export interface Place {
  /** Name of the setting, such as `dialects.matar.prefix`; empty for all settings together. */
  readonly name: string
  /** Where it was set: a file, a variable, an option. */
  readonly source?: string | undefined
  /** True: what is missing may be said elsewhere. */
  readonly partial: boolean
}

/** Everything that is wrong with a value, each with the setting's name and what is allowed. */
export function problemsOf(schema: TSchema, value: unknown, place: Place): readonly string[] {
  if (Type.IsRecord(schema)) return problemsOfDictionary(schema, value, place)
  if (Type.IsObject(schema)) return problemsOfGroup(schema.properties, value, place)
  if (Type.IsArray(schema)) return problemsOfList(schema, value, place)
  if (Type.IsUnion(schema)) return problemsOfUnion(schema, value, place)
  return Value.Check(schema, value) ? [] : [refusal(schema, value, place)]
}

/**
 * What is used: what was given, and the default of everything else.
 *
 * @param value Without problems by {@link problemsOf}, nothing missing.
 */
export function filledIn(schema: TSchema, value: unknown, demo: boolean): unknown {
  if (Type.IsUnion(schema)) {
    const branch = branchOf(schema, value)
    return branch === undefined ? value : filledIn(branch, value, demo)
  }
  if (Type.IsArray(schema)) {
    return (value as readonly unknown[]).map((item) => filledIn(schema.items, item, demo))
  }
  if (Type.IsRecord(schema) || !Type.IsObject(schema)) return value
  const given = value as Readonly<Record<string, unknown>>
  const filled: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(schema.properties)) {
    const own = Object.hasOwn(given, name) ? given[name] : defaultOf(member, demo)
    if (own !== undefined) filled[name] = filledIn(member, own, demo)
  }
  return filled
}

/**
 * The settings of one part of the server, complete and frozen.
 *
 * @param given What differs from the defaults.
 * @throws {TypeError} That names everything that cannot be used.
 */
export function settingsOf<T>(schema: Group<T>, given: Given<T>, demo: boolean): T {
  const problems = problemsOf(schema, given, { name: '', partial: false })
  if (problems.length > 0) throw new TypeError(`Cannot use options: ${problems.join('; ')}`)
  return Object.freeze(filledIn(schema, given, demo) as T)
}

/** Puts one layer of settings over another: groups by their members, everything else whole. */
export function laidOver(schema: TSchema, below: unknown, above: unknown): unknown {
  if (below === undefined || !isGroup(schema)) return above
  const merged = { ...(below as Record<string, unknown>) }
  for (const [name, value] of Object.entries(above as Record<string, unknown>)) {
    merged[name] = laidOver(schema.properties[name] ?? Type.Unknown(), merged[name], value)
  }
  return merged
}

function problemsOfGroup(
  members: Readonly<Record<string, TSchema>>,
  value: unknown,
  place: Place,
): readonly string[] {
  if (!isPlainObject(value))
    return [
      `${subject(place)} ${shown({ type: 'object' }, value)}${end(place)} an object of settings`,
    ]
  const unknown = Object.keys(value).filter((name) => !Object.hasOwn(members, name))
  return [
    ...unknown.map((name) => notASetting(name, Object.keys(members), place)),
    ...Object.entries(members).flatMap(([name, member]) => {
      const own: Place = { ...place, name: join(place.name, name) }
      if (Object.hasOwn(value, name)) return problemsOf(member, value[name], own)
      if (place.partial || Type.IsOptional(member)) return []
      const without = defaultOf(member, false)
      if (without === undefined) return [missing(member, own)]
      // A default is right; only a group may lack members that have none.
      return isGroup(member) ? problemsOf(member, without, own) : []
    }),
  ]
}

function problemsOfDictionary(schema: TSchema, value: unknown, place: Place): readonly string[] {
  if (!isPlainObject(value)) return [refusal(schema, value, place)]
  const { patternProperties = {} } = schema as { readonly patternProperties?: object }
  const [values = Type.Unknown()] = Object.values(patternProperties) as readonly TSchema[]
  return Object.entries(value).flatMap(([name, own]) =>
    problemsOf(values, own, { ...place, name: join(place.name, name), partial: false }),
  )
}

function problemsOfList(
  schema: {
    readonly items: TSchema
    readonly minItems?: number
    readonly uniqueItems?: boolean
  },
  value: unknown,
  place: Place,
): readonly string[] {
  const { minItems = 0, uniqueItems = false } = schema
  if (!Array.isArray(value) || value.length < minItems) return [refusal(schema, value, place)]
  const twice = uniqueItems ? value.findIndex((item, at) => value.indexOf(item) < at) : -1
  return [
    ...value.flatMap((item, at) =>
      problemsOf(schema.items, item, {
        ...place,
        name: `${place.name}[${String(at)}]`,
        partial: false,
      }),
    ),
    ...(twice < 0
      ? []
      : [`${place.name}[${String(twice)}] stands there twice${end(place)} each once`]),
  ]
}

function problemsOfUnion(schema: Union, value: unknown, place: Place): readonly string[] {
  const branch = branchOf(schema, value)
  if (branch !== undefined) return problemsOf(branch, value, { ...place, partial: false })
  const words = schema.anyOf.map(kindOf).filter((kind) => kind !== undefined)
  if (words.length === 0 || !isPlainObject(value)) {
    return Value.Check(schema, value) ? [] : [refusal(schema, value, place)]
  }
  const own = { ...place, name: join(place.name, 'kind') }
  const allowed = Type.Enum(words)
  return [
    Object.hasOwn(value, 'kind') ? refusal(allowed, value['kind'], own) : missing(allowed, own),
  ]
}

type Union = { readonly anyOf: readonly TSchema[] }

/** The group that is meant among others: by its `kind`, or because there is but one. */
function branchOf({ anyOf }: Union, value: unknown): TSchema | undefined {
  if (!isPlainObject(value)) return undefined
  const groups = anyOf.filter(isGroup)
  return groups.find((group) => kindOf(group) === value['kind'])
}

function kindOf(schema: TSchema): string | undefined {
  if (!isGroup(schema)) return undefined
  const { const: word } = (schema.properties['kind'] ?? {}) as { readonly const?: string }
  return word
}

function isGroup(
  schema: TSchema,
): schema is TSchema & { readonly properties: Readonly<Record<string, TSchema>> } {
  return Type.IsObject(schema) && !Type.IsRecord(schema)
}

function defaultOf(schema: TSchema, demo: boolean): unknown {
  const { default: usual, demoDefault = usual } = schema as Notes<unknown>
  const own = demo ? demoDefault : usual
  return own === undefined && isGroup(schema) && !Type.IsOptional(schema) ? {} : own
}

function missing(schema: TSchema, place: Place): string {
  return `${place.name} is missing${end(place)} ${allowedBy(schema)}`
}

function refusal(schema: TSchema, value: unknown, place: Place): string {
  return `${subject(place)} ${shown(schema, value)}${end(place)} ${allowedBy(schema)}`
}

function notASetting(name: string, known: readonly string[], place: Place): string {
  const close = nearest(name, known)
  const help = close === undefined ? `allowed: ${known.join(', ')}` : `did you mean ${close}?`
  return `${join(place.name, name)} is not a setting${from(place)}; ${help}`
}

function subject({ name }: Place): string {
  return name === '' ? 'the configuration' : name
}

function end(place: Place): string {
  return `${from(place)}; allowed:`
}

function from({ source }: Place): string {
  return source === undefined ? '' : ` (${source})`
}

function join(name: string, member: string): string {
  return name === '' ? member : `${name}.${member}`
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
