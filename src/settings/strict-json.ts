/**
 * Parses JSON in which no object says one name twice: `JSON.parse` keeps the last of them and says
 * nothing, so that a setting somewhere in a file would silently not count.
 *
 * @throws {RepeatedName} Where a name is repeated; the message has the name with its place.
 * @throws {SyntaxError} Where it is not JSON.
 */
export function parseStrictJson(text: string): unknown {
  const value = JSON.parse(text) as unknown
  refuseRepeatedNames(text)
  return value
}

/** JSON in which an object says one name twice. */
export class RepeatedName extends SyntaxError {}

/** Strings, and what opens, closes and separates; everything else in well-formed JSON is a value. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g

/** An object or a list that is not closed yet. */
interface Open {
  /** Undefined for a list. */
  readonly names: Set<string> | undefined
  /** The name, or the number in a list, of what is being read. */
  at: string | number
}

function refuseRepeatedNames(text: string): void {
  const open: Open[] = []
  let last = ''
  for (const [token] of text.matchAll(TOKENS)) {
    const inner = open.at(-1)
    if (token === '{') open.push({ names: new Set(), at: '' })
    else if (token === '[') open.push({ names: undefined, at: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && typeof inner?.at === 'number') inner.at++
    else if (token === ':' && inner?.names !== undefined) {
      inner.at = JSON.parse(last) as string
      if (inner.names.has(inner.at)) throw new RepeatedName(`${placeOf(open)} stands there twice`)
      inner.names.add(inner.at)
    }
    last = token
  }
}

function placeOf(open: readonly Open[]): string {
  return open
    .map(({ at }) => (typeof at === 'number' ? `[${String(at)}]` : `.${at}`))
    .join('')
    .replace(/^\./, '')
}
