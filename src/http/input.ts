/** Holds what a request brings against schemas: values of the declared type, or what is wrong. */
import { Type, type TSchema } from 'typebox'
import { readText } from '../settings/text.ts'
import { compile, isRepeatable, type Schema, type SchemaError } from './schema.ts'

/** Where in a request something is wrong. */
export interface InputPlace {
  readonly part: 'path' | 'query' | 'header' | 'body'
  /** Names from the outside in: of a field, of a member or an index below it. None: the whole part. */
  readonly at: readonly string[]
}

/** What can be wrong with a field. A surface turns it into a failure of its own. */
export type InputProblem = InputPlace &
  (
    | { readonly kind: 'missing' }
    | { readonly kind: 'wrong_type'; readonly wanted: string }
    /** `keyword`: the word of JSON Schema that says so; `~refine` for a rule of our own. */
    | { readonly kind: 'out_of_range'; readonly keyword: string; readonly rule: string }
    | { readonly kind: 'twice' }
    | { readonly kind: 'unknown'; readonly known: readonly string[] }
  )

/** A part that brings nothing, as most do: what that comes to is found once. */
export const nothing: Readonly<Record<string, never>> = Object.freeze({})

/** What reading came to. */
export type Read<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: Problems }

/** In the order of the schema's members. */
export type Problems = readonly [InputProblem, ...InputProblem[]]

/** Reads one part of requests: all of it, or one member, whatever is wrong with the others. */
export interface PartReader<Source, T> {
  all(source: Source): Read<T>
  one<K extends keyof T & string>(source: Source, name: K): Read<T[K]>
}

/** How values may come. */
export interface InputRules {
  /**
   * True: a parameter that is empty is not there, and one that comes again with the same value is
   * there once.
   */
  readonly areParametersLenient?: boolean
  /** True: a member of a body that must not be `null` or empty, and is, is missing. */
  readonly isBlankMissing?: boolean
}

/** Compiles the check of one part of requests. */
export function partReader<T>(
  part: InputPlace['part'],
  schema: Schema<T>,
  rules: InputRules = {},
): PartReader<unknown, T> {
  return withMembers(schema, (some) => checkOf(part, some, rules))
}

/** Reads parameters, which are text, and each of which may come once unless it is `repeatable`. */
export function parametersReader<T>(
  part: InputPlace['part'],
  schema: Schema<T>,
  rules: InputRules = {},
): PartReader<URLSearchParams, T> {
  return withMembers(schema, (some) => parametersCheck(part, some, rules))
}

type Check<Source, T> = (source: Source) => Read<T>

function withMembers<Source, T>(
  schema: Schema<T>,
  checkFor: <S>(schema: Schema<S>) => Check<Source, S>,
): PartReader<Source, T> {
  const members = new Map<string, Check<Source, T>>()
  return {
    all: checkFor(schema),
    one(source, name) {
      let check = members.get(name)
      if (check === undefined) {
        const { [name]: member = Type.Never() } = propertiesOf(schema)
        // One member of `T`; no other is asked for.
        check = checkFor(Type.Object({ [name]: member }) as TSchema as Schema<T>)
        members.set(name, check)
      }
      const read = check(source)
      return read.ok ? { ok: true, value: read.value[name] } : read
    },
  }
}

function checkOf<T>(
  part: InputPlace['part'],
  schema: Schema<T>,
  { isBlankMissing = false }: InputRules,
): Check<unknown, T> {
  const { anyOf = [schema] } = schema as { readonly anyOf?: readonly Schema<T>[] }
  // Of several objects the one whose constants it has; the first says what is wrong with others.
  const variants = anyOf.map((variant) => ({ variant, validator: compile(variant) }))
  const [first = { variant: schema, validator: compile(schema) }, ...others] = variants
  const read = (value: unknown): Read<T> => {
    const { variant, validator } =
      others.length === 0
        ? first
        : (variants.find((one) => hasConstantsOf(one.variant, value)) ?? first)
    if (validator.check(value)) return { ok: true, value }
    const found = validator.errors(value).flatMap((error) => problemsOf(part, variant, error))
    const problems = isBlankMissing ? found.map((problem) => ifBlank(problem, value)) : found
    return { ok: false, problems: inOrderOf(variant, problems) }
  }
  let readOfNothing: Read<T> | undefined
  return (value) => (value === nothing ? (readOfNothing ??= read(value)) : read(value))
}

function parametersCheck<T>(
  part: InputPlace['part'],
  schema: Schema<T>,
  rules: InputRules,
): Check<URLSearchParams, T> {
  const { areParametersLenient: areLenient = false } = rules
  const check = checkOf(part, schema, rules)
  const members = propertiesOf(schema)
  return (values) => {
    if (values.size === 0) return check(nothing)
    const record: Record<string, unknown> = {}
    const twice: InputProblem[] = []
    for (const name of new Set(values.keys())) {
      const [first = '', ...others] = values.getAll(name)
      if (areLenient && first === '') continue
      const member = members[name]
      const isTwice = others.some((other) => !areLenient || other !== first)
      if (isTwice && member !== undefined && !isRepeatable(member)) {
        twice.push({ part, at: [name], kind: 'twice' })
      }
      // Not by assignment: a name may be `__proto__`.
      const value = member === undefined ? first : valueOf(member, first)
      Object.defineProperty(record, name, { value, enumerable: true })
    }
    const read = check(record)
    if (read.ok && twice.length === 0) return read
    return {
      ok: false,
      problems: inOrderOf(schema, [...twice, ...(read.ok ? [] : read.problems)]),
    }
  }
}

function hasConstantsOf(variant: TSchema, value: unknown): boolean {
  const given = value as Readonly<Record<string, unknown>>
  return Object.entries(propertiesOf(variant)).every(
    ([name, member]) => !('const' in member) || member.const === given[name],
  )
}

/** First in the order of the members, then in that of the checks. What is unknown comes first. */
function inOrderOf(schema: TSchema, problems: readonly InputProblem[]): Problems {
  const names = Object.keys(propertiesOf(schema))
  const [first, ...others] = problems.toSorted(
    (one, other) => names.indexOf(one.at[0] ?? '') - names.indexOf(other.at[0] ?? ''),
  )
  if (first === undefined) throw new Error('a value that is refused has no problem')
  return [first, ...others]
}

function ifBlank(problem: InputProblem, value: unknown): InputProblem {
  const { part, at } = problem
  const blank = at.reduce((outer, name) => (outer as Record<string, unknown>)[name], value)
  return blank === null || blank === '' ? { part, at, kind: 'missing' } : problem
}

/** A number has no more leading zeros than the greatest that is allowed has digits. */
function valueOf(member: TSchema, text: string): unknown {
  const { maximum } = member as { readonly maximum?: number }
  const isPadded = text.startsWith('0') && text.length > String(maximum).length
  return maximum !== undefined && isPadded ? text : readText(member, text)
}

/** The members of an object's schema. */
export function propertiesOf(schema: TSchema): Readonly<Record<string, TSchema>> {
  return (schema as { readonly properties?: Readonly<Record<string, TSchema>> }).properties ?? {}
}

interface Params {
  readonly requiredProperties?: readonly string[]
  readonly allowedValues?: readonly unknown[]
  readonly type?: string | readonly string[]
  readonly limit?: number
  readonly message?: string
}

function problemsOf(
  part: InputPlace['part'],
  schema: TSchema,
  { keyword, instancePath, params: given }: SchemaError,
): readonly InputProblem[] {
  const params = given as Params
  const at = instancePath.split('/').slice(1).map(unescaped)
  const outOfRange = (rule: string): readonly InputProblem[] => [
    { part, at, kind: 'out_of_range', keyword, rule },
  ]
  switch (keyword) {
    case 'required':
      return (params.requiredProperties ?? []).map((name) => ({
        part,
        at: [...at, name],
        kind: 'missing',
      }))
    // Each member that is not described comes by itself; so many errors are told that the one for all
    // of them may be cut off.
    case 'boolean':
      return [{ part, at, kind: 'unknown', known: Object.keys(propertiesOf(schema)) }]
    case 'additionalProperties':
      return []
    case 'type':
      return [{ part, at, kind: 'wrong_type', wanted: [params.type ?? ''].flat().join(' or ') }]
    case 'enum':
    case 'const':
      return outOfRange(`must be one of ${(params.allowedValues ?? []).join(', ')}`)
    case 'minLength':
      return outOfRange('must not be empty')
    case 'maxLength':
      return outOfRange(`must have at most ${String(params.limit)} characters`)
    case 'maxItems':
      return outOfRange(`has more than ${String(params.limit)} entries`)
    case 'minimum':
    case 'maximum':
      return outOfRange(`must be ${boundsOf(schema, at)}`)
    case '~refine':
      return outOfRange(params.message ?? 'is not allowed')
    default:
      return outOfRange('is not allowed')
  }
}

function boundsOf(schema: TSchema, at: readonly string[]): string {
  const member = at.reduce<TSchema>((outer, name) => propertiesOf(outer)[name] ?? outer, schema)
  const { minimum, maximum } = member as { readonly minimum?: number; readonly maximum?: number }
  const from = minimum === undefined ? '' : ` from ${String(minimum)}`
  return `a whole number${from}${maximum === undefined ? '' : ` to ${String(maximum)}`}`
}

/** RFC 6901, section 4. */
function unescaped(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
