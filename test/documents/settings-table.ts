/** Tables of settings for people, made from the schemas that the server reads. */
import type { TSchema } from 'typebox'
import type { NamedSetting } from '../../src/settings/walk.ts'
import { allowedBy } from '../../src/settings/words.ts'

export interface Column {
  readonly title: string
  readonly cell: (setting: NamedSetting) => string
}

type Columns = Readonly<Record<'variable' | 'flag' | 'allowed' | 'default' | 'meaning', Column>>

export const columns: Columns = {
  variable: { title: 'variable', cell: ({ schema }) => code(schema.variable) },
  flag: { title: 'option', cell: ({ schema }) => code(schema.flag) },
  allowed: { title: 'allowed', cell: ({ schema }) => allowed(schema) },
  default: { title: 'default', cell: ({ schema }) => usual(schema) },
  meaning: { title: 'meaning', cell: ({ schema }) => schema.description ?? '' },
}

/** The first column, by what the table is about. */
export function nameColumn(title: string): Column {
  return { title, cell: ({ name }) => code(name) }
}

/** A table in the form that the formatter leaves alone. */
export function markdownTable(settings: readonly NamedSetting[], shown: readonly Column[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |\n`
  return [
    line(shown.map(({ title }) => title)),
    line(shown.map(() => '---')),
    ...settings.map((setting) => line(shown.map(({ cell }) => cell(setting)))),
  ].join('')
}

interface Facts {
  readonly enum?: readonly string[]
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly unit?: string
  readonly allowed?: string
}

function allowed(schema: TSchema): string {
  const facts = schema as Facts
  if (facts.enum !== undefined) return facts.enum.map(code).join(', ')
  if (facts.type === 'boolean') return '`true`, `false`'
  if (facts.type === 'integer' && facts.allowed === undefined) {
    const { minimum = 0, maximum = 0, unit } = facts
    const range = `${grouped(minimum)} to ${grouped(maximum)}`
    return unit === 'ms' ? `${spoken(minimum)} to ${spoken(maximum)}, in milliseconds` : range
  }
  return allowedBy(schema)
}

function usual(schema: NamedSetting['schema']): string {
  const { defaultText, default: own, demoDefault } = schema
  const text = defaultText ?? valueText(schema, own)
  if (defaultText?.includes('demo') || demoDefault === undefined) return text
  return `${text}; with \`--demo\` ${valueText(schema, demoDefault)}`
}

function valueText(schema: TSchema, value: unknown): string {
  if (value === undefined) return '–'
  if (typeof value === 'number') {
    const { unit } = schema as Facts
    if (unit !== 'ms') return grouped(value)
    return value < 1000 ? `${String(value)} ms` : `${grouped(value)} (${spoken(value)})`
  }
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(inCode).join(', ')
  return inCode(value)
}

function inCode(value: unknown): string {
  if (typeof value === 'string') return code(value)
  const json = JSON.stringify(value)
    .replaceAll(/"(\w+)":/g, ' $1: ')
    .replaceAll('"', "'")
  return code(json.replace(/\}$/, ' }'))
}

function code(text: string | undefined): string {
  return text === undefined ? '–' : `\`${text}\``
}

function grouped(count: number): string {
  return Number.isInteger(count) ? count.toLocaleString('en') : String(count)
}

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

function spoken(durationMs: number): string {
  const [length, unit] = units.find(([one]) => durationMs >= one && durationMs % one === 0) ?? [
    1,
    'ms',
  ]
  return durationMs === 0 ? '0' : `${grouped(durationMs / length)} ${unit}`
}
