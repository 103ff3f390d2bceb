import { chainInput, type Revocation } from './revocation.ts'

/** What a stream's next entry must fit: the number and the hash of the one before it. */
export interface ChainLink {
  /** 0 before the first entry. */
  readonly sequence: number
  /** Empty before the first entry. */
  readonly hash: string
}

export const chainStart: ChainLink = { sequence: 0, hash: '' }

export type ChainCheck =
  | { readonly kind: 'intact'; readonly last: ChainLink }
  | { readonly kind: 'broken'; readonly sequence: number; readonly problem: string }

/**
 * Follows the chain through consecutive entries of one stream.
 *
 * @param before The link before the first of them.
 * @param digest SHA-256 of a text in UTF-8, base64url.
 * @returns The last link, or the first entry that does not fit and why.
 */
export function followChain(
  before: ChainLink,
  entries: readonly Revocation[],
  digest: (text: string) => string,
): ChainCheck {
  let last = before
  for (const entry of entries) {
    const problem = problemOf(entry, last, digest)
    if (problem !== undefined) return { kind: 'broken', sequence: last.sequence + 1, problem }
    last = { sequence: entry.sequence, hash: entry.hash }
  }
  return { kind: 'intact', last }
}

function problemOf(
  entry: Revocation,
  before: ChainLink,
  digest: (text: string) => string,
): string | undefined {
  if (entry.sequence !== before.sequence + 1) return 'the entry is missing'
  if (entry.previousHash !== before.hash) return 'it does not follow the entry before it'
  const input = chainInput(entry)
  if (input === undefined || entry.hash !== digest(input)) return 'it is not what was written'
  return undefined
}
