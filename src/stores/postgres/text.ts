/**
 * Text that may hold a NUL character, which PostgreSQL's text cannot: the character, and the one
 * that stands for it, are written as two. Every text is encoded by itself and so is every part of
 * one, which keeps different texts different, and prefixes prefixes.
 */
const ESCAPE = '\u0001'

/** What is sent for a parameter: a value, or an array of values for one column. */
export function encodeValue(value: unknown): unknown {
  if (typeof value === 'string') return encodeText(value)
  return Array.isArray(value) ? value.map(encodeValue) : value
}

function encodeText(text: string): string {
  if (!text.includes('\0') && !text.includes(ESCAPE)) return text
  return text.replaceAll(ESCAPE, `${ESCAPE}1`).replaceAll('\0', `${ESCAPE}0`)
}

/** What was encoded, as it was. */
export function decodeText(text: string): string {
  if (!text.includes(ESCAPE)) return text
  return text.replaceAll(`${ESCAPE}0`, '\0').replaceAll(`${ESCAPE}1`, ESCAPE)
}
