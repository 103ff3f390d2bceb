/** How a question's answer is shown. */
import type { Spread } from './measure.ts'

export interface Outcome {
  readonly title: string
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly notes: readonly string[]
  /** Everything that was measured, for `--json`. */
  readonly figures: unknown
}

export interface Settings {
  /** Length of one sample; it ends earlier where it has used up every prepared token. */
  readonly seconds: number
  readonly rounds: number
  /** How often a disturbed sample is taken again. */
  readonly retries: number
  /** Another checkout, as a path, whose code is measured in the same rounds. */
  readonly beside?: string | undefined
}

export interface Question {
  readonly name: string
  /** One line: what is asked, and what is aimed at. */
  readonly asks: string
  run(settings: Settings): Promise<Outcome>
}

/** A table in Markdown, so that it can be pasted where it is quoted. */
export function printOutcome({ title, header, rows, notes }: Outcome): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  console.log(`\n### ${title}\n`)
  console.log([line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n'))
  if (notes.length > 0) console.log(`\n${notes.map((note) => `* ${note}`).join('\n')}`)
}

export function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** `median (min–max)`. */
export function spreadText({ median, min, max }: Spread, digits = 0): string {
  const text = (value: number): string => (digits === 0 ? count(value) : value.toFixed(digits))
  return `${text(median)} (${text(min)}–${text(max)})`
}

/** Says whether an aim was met, beside the aim. */
export function aimText(met: boolean, aim: string): string {
  return `${aim}: ${met ? 'met' : 'missed'}`
}
