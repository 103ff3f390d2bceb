/** Lists: how much of them is shown, and how. */
import { InvalidArgumentError, type Command } from 'commander'
import type { ListOptions, OutrightClient } from '../client/index.ts'
import type { Column } from './output.ts'
import { createProgress } from './progress.ts'
import type { Shell } from './shell.ts'

const DEFAULT_LIMIT = 100
const GREATEST_PAGE = 1000
/** Rows that may wait for a slow reader. */
const ROWS_AT_ONCE = 1000

/** Adds `--limit`. */
export function withLimit(command: Command): Command {
  return command.option('--limit <n>', 'show at most so many, or "all"', parseLimit, DEFAULT_LIMIT)
}

/** Makes a command show a list. What its other options say is the filter. */
export function withList<T, Filter extends object>(
  command: Command,
  shell: Shell,
  form: Omit<ListForm<T>, 'limit'>,
  read: (client: OutrightClient, page: ListOptions, filter: Filter) => AsyncIterable<T>,
): void {
  command.action(({ limit, ...filter }: { readonly limit: number }, own: Command) =>
    showList(shell, own, { ...form, limit }, (client, page) =>
      read(client, page, filter as Filter),
    ),
  )
  withLimit(command)
}

export function parseLimit(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY
  const limit = Number(text)
  if (!/^\d{1,9}$/.test(text) || limit < 1) {
    throw new InvalidArgumentError('give a whole number from 1, or "all"')
  }
  return limit
}

export interface ListForm<T> {
  readonly limit: number
  readonly columns: readonly Column<T>[]
  /** What is said of an empty list. */
  readonly none: string
}

/**
 * Shows a list, and says so where there is more than the limit allows. With `--json` each object is
 * written as it arrives, as fast as it is read; a table has to know all of its rows first.
 */
export async function showList<T>(
  shell: Shell,
  command: Command,
  { limit, columns, none }: ListForm<T>,
  read: (client: OutrightClient, page: ListOptions) => AsyncIterable<T>,
): Promise<void> {
  const client = await shell.connect(command)
  const output = shell.output(command)
  const progress = createProgress(shell.terminal, (done) => `fetched ${String(done)} so far`)
  const rows: T[] = []
  let count = 0
  let hasMore = false
  try {
    for await (const item of read(client, { pageSize: Math.min(limit + 1, GREATEST_PAGE) })) {
      if (count === limit) {
        hasMore = true
        break
      }
      count++
      if (!output.json) {
        rows.push(item)
        progress.update(count, undefined)
        continue
      }
      output.object(item)
      if (count % ROWS_AT_ONCE === 0) await output.drained()
    }
  } finally {
    progress.end()
  }
  if (!output.json) output.table(rows, columns, none)
  if (hasMore) output.note(`these are the first ${String(limit)}: --limit shows more`)
}
