/** Members of an object that may be missing, and are never `undefined`. */
export type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> }

/** Leaves out the members that are undefined: for types in which they may only be missing. */
export function defined<T extends object>(members: T): Defined<T> {
  const given = Object.entries(members).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Defined<T>
}
