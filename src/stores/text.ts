import { refuse } from '../domain/failure.ts'

/** JSON has a form for every string. */
const keptAsJson: ReadonlySet<string> = new Set(['attributes', 'attributesBefore', 'facts'])

/**
 * Refuses text that is not Unicode (half of a surrogate pair): UTF-8 has no form for it, so what is
 * read back would be another text, and two different names would become one.
 */
export function checkText(input: unknown, name = 'value'): void {
  if (typeof input === 'string') {
    if (input.isWellFormed()) return
    refuse({ kind: 'invalid_parameter', parameter: name, reason: 'not well-formed Unicode' })
  }
  if (typeof input !== 'object' || input === null || input instanceof Uint8Array) return
  // Not by its entries, which would be made for each call to the store and take most of its time.
  const fields = input as Readonly<Record<string, unknown>>
  for (const key of Object.keys(fields)) {
    if (!keptAsJson.has(key)) checkText(fields[key], key)
  }
}

/** Checks what goes into an operation. */
export function checkTexts(inputs: readonly unknown[]): void {
  for (const input of inputs) checkText(input)
}

type Operations<T> = { readonly [K in keyof T]: (...input: never) => Promise<unknown> }

/** The same operations, which check what goes in: what cannot be stored cannot be looked for. */
export function checked<T extends Operations<T>>(operations: T): T {
  const all = Object.entries(operations as Operations<Record<string, unknown>>)
  return Object.fromEntries(
    all.map(([name, operation]) => [
      name,
      async (...input: never) => {
        checkTexts(input)
        return operation(...input)
      },
    ]),
  ) as unknown as T
}
