/**
 * Prints a value as Flask's `jsonify` does: keys in alphabetical order, everything outside
 * printable ASCII as `\uXXXX`, and a newline at the end.
 */
export function flaskJson(value: unknown): string {
  const escaped = JSON.stringify(sortKeys(value)).replace(
    /[^ -~]/g,
    (unit) => String.raw`\u` + unit.charCodeAt(0).toString(16).padStart(4, '0'),
  )
  return `${escaped}\n`
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sortKeys(inner)]),
  )
}
