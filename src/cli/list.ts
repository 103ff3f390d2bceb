/** Lists: how much of them is shown. */
import { InvalidArgumentError, type Command } from 'commander'
import type { Output } from './output.ts'

const DEFAULT_LIMIT = 100
const GREATEST_PAGE = 1000

/** Adds `--limit`. */
export function withLimit(command: Command): Command {
  return command.option('--limit <n>', 'show at most so many, or "all"', parseLimit, DEFAULT_LIMIT)
}

export function parseLimit(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY
  const limit = Number(text)
  if (!/^\d{1,9}$/.test(text) || limit < 1) {
    throw new InvalidArgumentError('give a whole number from 1, or "all"')
  }
  return limit
}

/** How many a call should fetch for such a limit. */
export function pageSizeFor(limit: number): number {
  return Math.min(limit + 1, GREATEST_PAGE)
}

/** Takes what the limit allows, and says so where there is more. */
export async function takeUpTo<T>(
  items: AsyncIterable<T>,
  limit: number,
  output: Output,
): Promise<readonly T[]> {
  const taken: T[] = []
  for await (const item of items) {
    if (taken.length >= limit) {
      output.note(`these are the first ${String(limit)}: --limit shows more`)
      break
    }
    taken.push(item)
  }
  return taken
}
