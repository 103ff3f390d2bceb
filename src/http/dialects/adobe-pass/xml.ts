import Builder from 'fast-xml-builder'

/** What an XML document is made from: elements in order; lists repeat their element. */
export interface XmlElements {
  readonly [name: string]: XmlValue
}

type XmlValue = string | number | boolean | XmlElements | readonly XmlValue[] | null | undefined

const builder = new Builder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: false,
})

const DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
/** What XML 1.0 (section 2.2) has no way to write, not even as a reference. */
// oxlint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

/**
 * A document. Text is escaped; characters that XML cannot hold become U+FFFD. Elements without a
 * value are left out.
 */
export function xmlDocument(root: XmlElements): string {
  return DECLARATION + String(builder.build(writable(root)))
}

function writable(value: XmlValue): unknown {
  if (typeof value === 'string') return value.toWellFormed().replace(UNWRITABLE, '\uFFFD')
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: XmlValue) => writable(item))
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null && inner !== undefined)
      .map(([name, inner]) => [name, writable(inner)]),
  )
}
