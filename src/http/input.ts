/** Holds what a request brings against schemas: values of the declared type, or what is wrong. */
import type { TSchema } from 'typebox'
import { readText } from '../settings/text.ts'
import { compile, type Schema, type SchemaError } from './schema.ts'

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
    | { readonly kind: 'out_of_range'; readonly rule: string }
    | { readonly kind: 'twice' }
    | { readonly kind: 'unknown'; readonly known: readonly string[] }
  )

/** Reads one part of a request. */
export type ReadPart<T> = (
  value: unknown,
) => { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: Problems }

export type Problems = readonly [InputProblem, ...InputProblem[]]

/** Compiles the check of one part of requests. */
export function partReader<T>(part: InputPlace['part'], schema: Schema<T>): ReadPart<T> {
  const validator = compile(schema)
  return (value) => {
    if (validator.check(value)) return { ok: true, value }
    const [first, ...others] = validator
      .errors(value)
      .flatMap((error) => problemsOf(part, schema, error))
    if (first === undefined) throw new Error('a value that is refused has no problem')
    return { ok: false, problems: [first, ...others] }
  }
}

/** How parameters may come. */
export interface ParameterRules {
  /**
   * True: one that is empty is not there, and one that comes again with the same value is there
   * once.
   */
  readonly areLenient?: boolean
}

/** Reads parameters, which are text, and each of which may come once. */
export function parametersReader<T>(
  part: InputPlace['part'],
  schema: Schema<T>,
  { areLenient = false }: ParameterRules = {},
): (values: URLSearchParams) => ReturnType<ReadPart<T>> {
  const read = partReader(part, schema)
  const members = propertiesOf(schema)
  return (values) => {
    const record: Record<string, unknown> = {}
    const twice: InputProblem[] = []
    for (const name of new Set(values.keys())) {
      const [first = '', ...others] = values.getAll(name)
      if (areLenient && first === '') continue
      const isTwice = others.some((other) => !areLenient || other !== first)
      const member = members[name]
      if (isTwice && member !== undefined) twice.push({ part, at: [name], kind: 'twice' })
      // Not by assignment: a name may be `__proto__`.
      const value = member === undefined ? first : valueOf(member, first)
      Object.defineProperty(record, name, { value, enumerable: true })
    }
    const result = read(record)
    const [first, ...others] = [...twice, ...(result.ok ? [] : result.problems)]
    return first === undefined ? result : { ok: false, problems: [first, ...others] }
  }
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
  readonly additionalProperties?: readonly string[]
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
    { part, at, kind: 'out_of_range', rule },
  ]
  switch (keyword) {
    case 'required':
      return (params.requiredProperties ?? []).map((name) => ({
        part,
        at: [...at, name],
        kind: 'missing',
      }))
    case 'additionalProperties':
      return (params.additionalProperties ?? []).map((name) => ({
        part,
        at: [...at, name],
        kind: 'unknown',
        known: Object.keys(propertiesOf(schema)),
      }))
    // Said of the same member by `additionalProperties`.
    case 'boolean':
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
