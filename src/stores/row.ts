/**
 * The row of a value of the domain: a column for each member, in snake case. What may be undefined
 * is null there, and lists and objects are JSON text.
 */
export type Row<T> = { readonly [K in keyof T & string as SnakeCase<K>]-?: Column<T[K]> }

type Column<V> = undefined extends V
  ? Column<Exclude<V, undefined>> | null
  : V extends string | number
    ? V
    : string

type SnakeCase<S extends string> = S extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? '' : '_'}${Lowercase<First>}${SnakeCase<Rest>}`
  : ''
