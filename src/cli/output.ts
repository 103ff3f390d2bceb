/** What a command prints: tables and sentences for people, a JSON object a line with `--json`. */
import { styleText } from 'node:util'
import type { Terminal } from './terminal.ts'

type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

export interface Column<T> {
  readonly title: string
  readonly value: (row: T) => string
  /** Chosen by the row where colours are on. */
  readonly style?: (row: T) => Style | undefined
}

export interface Output {
  readonly json: boolean
  /** One result: the value with `--json`, the sentence otherwise. */
  result(sentence: string, value: unknown): void
  /** One object of a list, as a line of JSON. */
  object(value: unknown): void
  /** A list: an object a line with `--json`, an aligned table otherwise. */
  table<T>(rows: readonly T[], columns: readonly Column<T>[], none: string): void
  /** Something to know, on standard error. */
  note(sentence: string): void
  /** Resolves when everything so far is written. */
  drained(): Promise<void>
}

export function createOutput(
  terminal: Terminal,
  options: { readonly json: boolean; readonly color: boolean },
): Output {
  const { json } = options
  const wantsColor =
    options.color && terminal.isInteractive.stdout && (terminal.env['NO_COLOR'] ?? '') === ''
  const paint = (style: Style | undefined, text: string): string =>
    wantsColor && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  const note = (sentence: string): void => {
    terminal.err(`outright: ${printable(sentence)}\n`)
  }
  const object = (value: unknown): void => {
    terminal.out(`${JSON.stringify(value)}\n`)
  }
  return {
    json,
    note,
    object,
    drained: () => terminal.drained(),
    result(sentence, value) {
      if (json) object(value)
      else terminal.out(`${printable(sentence)}\n`)
    },
    table(rows, columns, none) {
      if (json) {
        for (const row of rows) object(row)
      } else if (rows.length === 0) {
        note(none)
      } else {
        terminal.out(writeTable(rows, columns, paint))
      }
    },
  }
}

function writeTable<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  paint: (style: Style | undefined, text: string) => string,
): string {
  const cells = rows.map((row) => columns.map(({ value }) => printable(value(row)) || '-'))
  const widths = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((line) => line[at]?.length ?? 0)),
  )
  // The last column is not padded, so that no line ends in spaces.
  const pad = (text: string, at: number): string =>
    at === columns.length - 1 ? '' : ' '.repeat((widths[at] ?? 0) - text.length)
  const header = columns.map(({ title }, at) => paint('bold', title) + pad(title, at)).join('  ')
  const lines = rows.map((row, index) =>
    columns
      .map(({ style }, at) => {
        const cell = cells[index]?.[at] ?? ''
        return paint(style?.(row), cell) + pad(cell, at)
      })
      .join('  '),
  )
  return `${[header, ...lines].join('\n')}\n`
}

/**
 * Text that cannot steer the terminal: names, notes and user agents come from outside, and an
 * escape sequence in one of them could hide a line or change the window.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}|[\u{2028}\u{2029}\u{202A}-\u{202E}\u{2066}-\u{2069}]/gu,
    '\u{FFFD}',
  )
}
