/**
 * How routes declare what they take and give: JSON Schemas that check at run time, each with the
 * type of what it describes. An object's members must be those of its type, so a type of
 * `src/protocol` and its schema cannot drift apart.
 */
import { Type, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { Json } from '../domain/session.ts'
import {
  choice,
  dictionary,
  flag,
  number,
  optional,
  typed,
  type Members,
  type Notes,
  type Setting,
} from '../settings/schema.ts'

/** A schema of values of type `T`. */
export type Schema<T> = Setting<T>

export { choice, dictionary, flag, number, optional }

type Annotations = Pick<Notes<unknown>, 'description'> & { readonly example?: unknown }

interface ObjectAnnotations extends Annotations {
  /** Its name among the document's components. */
  readonly name?: string
}

/** What is sent in: further members are passed over, because the API is lenient about them. */
export function lenient<T>(members: Members<T>): Schema<T> {
  return object(members, {})
}

/** What is sent in: a member that is not described is a problem. */
export function strict<T>(members: Members<T>, annotations: ObjectAnnotations = {}): Schema<T> {
  return object(members, annotations, { additionalProperties: false })
}

/** What is sent out. Later versions may add members; tests see to it that none is undescribed. */
export function answer<T>(members: Members<T>, annotations: ObjectAnnotations = {}): Schema<T> {
  return object(members, annotations)
}

function object<T>(
  members: Members<T>,
  { name, ...annotations }: ObjectAnnotations,
  rest = {},
): Schema<T> {
  return typed(
    Type.Object(members as Record<string, TSchema>, {
      ...annotations,
      ...rest,
      ...(name === undefined ? {} : { 'x-schema-name': name }),
    }),
  )
}

/** Members of an object whose type is made from theirs. */
export type Fields = Readonly<Record<string, TSchema>>

/** What a schema describes. */
type ValueOf<S> = S extends Schema<infer T> ? T : never

type OptionalNames<M> = {
  [K in keyof M]: '~optional' extends keyof M[K] ? K : never
}[keyof M]

export type TypeOf<M> = { readonly [K in Exclude<keyof M, OptionalNames<M>>]: ValueOf<M[K]> } & {
  readonly [K in OptionalNames<M>]?: ValueOf<M[K]>
}

/** An object that one call alone takes or gives, so that nothing else needs its type. */
export function fields<M extends Fields>(
  members: M,
  annotations: ObjectAnnotations = {},
): Schema<TypeOf<M>> {
  return object(members as never, annotations)
}

/** Any text, on the way out. */
export function anyText(
  annotations: Annotations & { readonly format?: string } = {},
): Schema<string> {
  return typed(Type.String(annotations))
}

/** RFC 3339. */
export const instant: Schema<string> = anyText({ format: 'date-time' })

/**
 * Text on the way in: not empty, at most so many UTF-16 units, and what `wrong` says of it,
 * nothing.
 */
export function text(
  maxLength: number,
  annotations: Annotations = {},
  wrong: (value: string) => string | undefined = () => undefined,
): Schema<string> {
  const bounded = Type.Refine(
    Type.String({ ...annotations, minLength: 1, maxLength }),
    (value) => value.length <= maxLength,
    () => `must have at most ${String(maxLength)} characters`,
  )
  return typed(
    Type.Refine(
      bounded,
      (value) => wrong(value) === undefined,
      (value) => wrong(value) ?? '',
    ),
  )
}

/** A schema with a rule of its own; `message` says what is wrong, behind the name. */
export function withRule<T>(
  schema: Schema<T>,
  isGood: (value: T) => boolean,
  message: string,
): Schema<T> {
  return typed(
    Type.Refine(
      schema as TSchema,
      (value) => isGood(value as T),
      () => message,
    ),
  )
}

/** A parameter that may come several times, of which the first counts. */
export function repeatable(annotations: Annotations = {}): Schema<string> {
  return typed(Type.String({ ...annotations, [REPEATABLE]: true }))
}

const REPEATABLE = 'x-repeatable'

export function isRepeatable(schema: TSchema): boolean {
  return REPEATABLE in schema
}

/** A whole number from `minimum` on. */
export function count(
  annotations: Annotations & {
    readonly minimum?: number
    readonly maximum?: number
    readonly default?: number
  } = {},
): Schema<number> {
  return typed(Type.Integer({ minimum: 0, ...annotations }))
}

/** @param bounds What is said of a value before it is compared. */
export function constant<const V extends string | boolean | number>(
  value: V,
  bounds: { readonly maxLength?: number } = {},
): Schema<V> {
  return typed(Type.Literal(value, bounds))
}

export function listOf<T>(
  items: Schema<T>,
  bounds: Annotations & { readonly maxItems?: number } = {},
): Schema<readonly T[]> {
  return typed(Type.Array(items, bounds))
}

export function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return typed(Type.Union([schema, Type.Null()]))
}

export function either<A, B>(one: Schema<A>, other: Schema<B>): Schema<A | B> {
  return typed(Type.Union([one, other]))
}

/** An event of a stream of Server-Sent Events, whose data is JSON of a schema. */
export interface ServerSentEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** @param data Of the event's data, once it is parsed. */
export function serverSentEvent(event: string, data: TSchema): Schema<ServerSentEvent> {
  return answer<ServerSentEvent>({
    event: constant<string>(event),
    id: anyText({ description: 'For `Last-Event-ID`' }),
    data: typed(Type.String({ contentMediaType: 'application/json', contentSchema: data })),
  })
}

/** Any JSON value. */
export function anyJson(annotations: Annotations = {}): Schema<Json> {
  return typed(Type.Unknown(annotations))
}

/** An object with any members. */
export const anything: Schema<Readonly<Record<string, unknown>>> = typed(
  Type.Object({}, { additionalProperties: true }),
)

/** Checks values against a schema. Compiled once, when the server starts. */
export interface Validator<T> {
  check(value: unknown): value is T
  errors(value: unknown): readonly SchemaError[]
}

export interface SchemaError {
  readonly keyword: string
  /** JSON pointer; of the object where one of its members is concerned. */
  readonly instancePath: string
  readonly params: object
}

export function compile<T>(schema: Schema<T>): Validator<T> {
  const validator = Compile(schema as TSchema)
  return {
    check: (value): value is T => validator.Check(value),
    errors: (value) => validator.Errors(value),
  }
}
