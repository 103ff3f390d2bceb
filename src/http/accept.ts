/**
 * Which of some media types a caller would rather have (RFC 9110, section 12.5.1): the one with the
 * highest weight, the first of equals. Only types that are named in full count: a wildcard gets the
 * default.
 *
 * @param accept The header; its first 1024 characters are read.
 * @param types In lower case, without parameters.
 * @returns Undefined where none is named, or only to say that it is not wanted.
 */
export function preferredType<Type extends string>(
  accept: string | undefined,
  types: readonly Type[],
): Type | undefined {
  let best: { readonly type: Type; readonly weight: number } | undefined
  for (const range of (accept ?? '').slice(0, 1024).split(',')) {
    const [name, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const type = types.find((one) => one === name)
    const weight = Number(/^q=([\d.]+)$/.exec(parameters.at(-1) ?? '')?.[1] ?? 1)
    if (type !== undefined && weight > (best?.weight ?? 0)) best = { type, weight }
  }
  return best?.type
}
