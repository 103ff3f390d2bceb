import { chainInput, type Revocation } from './revocation.ts'

/** What a stream's next entry must fit: the number and the hash of the one before it. */
export interface ChainLink {
  /** 0 before the first entry. */
  readonly sequence: number
  /** Empty before the first entry. */
  readonly hash: string
}

/** SHA-256 of a text in UTF-8, base64url. */
export type Digest = (text: string) => string

export const chainStart: ChainLink = { sequence: 0, hash: '' }

export type ChainCheck =
  | { readonly kind: 'intact'; readonly last: ChainLink }
  | { readonly kind: 'broken'; readonly sequence: number; readonly problem: string }

/**
 * Follows the chain through consecutive entries of one stream.
 *
 * @param before The link before the first of them.
 * @returns The last link, or the first entry that does not fit and why.
 */
export function followChain(
  before: ChainLink,
  entries: readonly Revocation[],
  digest: Digest,
): ChainCheck {
  let last = before
  for (const entry of entries) {
    const problem = problemOf(entry, last, digest)
    if (problem !== undefined) return { kind: 'broken', sequence: last.sequence + 1, problem }
    last = { sequence: entry.sequence, hash: entry.hash }
  }
  return { kind: 'intact', last }
}

function problemOf(entry: Revocation, before: ChainLink, digest: Digest): string | undefined {
  if (entry.sequence !== before.sequence + 1) return 'the entry is missing'
  if (entry.previousHash !== before.hash) return 'it does not follow the entry before it'
  return isIntact(entry, digest) ? undefined : 'it is not what was written'
}

/** Whether an entry is what was written, whatever stands before it. */
export function isIntact(entry: Revocation, digest: Digest): boolean {
  const input = chainInput(entry)
  return input !== undefined && entry.hash === digest(input)
}
