import { hash } from 'node:crypto'
import { chainStart, followChain } from '../domain/chain.ts'
import type { LogStore } from '../ports/store.ts'

/** What is read of a store; a file that is opened for reading alone will do. */
export type AuditLog = Pick<LogStore, 'head' | 'readStream'>

export type AuditVerdict =
  | {
      readonly intact: true
      readonly entries: number
      /**
       * Sequence number and hash of every stream's last entry. Kept elsewhere, they prove later
       * that nothing was cut off at the end, which no chain can show by itself.
       */
      readonly heads: ReadonlyMap<string, { readonly sequence: number; readonly hash: string }>
    }
  | {
      readonly intact: false
      readonly stream: string
      /** The first entry that is missing or is not what was written. */
      readonly sequence: number
      readonly problem: string
    }

export interface AuditProgress {
  readonly checked: number
  readonly total: number
}

/** Read at once: some megabytes of memory, and a pause for other work between the pages. */
const PAGE = 5_000

/**
 * Verifies the whole audit log: every stream is numbered from 1 without gaps, every entry is what
 * was written, and each follows the one before it. Entries that are added meanwhile are not looked
 * at.
 *
 * @param onProgress Called after every page.
 * @throws {Refusal} `store_unavailable` where the log cannot be read: that says nothing about it.
 */
export async function verifyChain(
  log: AuditLog,
  onProgress: (progress: AuditProgress) => void = () => {},
): Promise<AuditVerdict> {
  const position = await log.head()
  const total = [...position.values()].reduce((sum, sequence) => sum + sequence, 0)
  const heads = new Map<string, { sequence: number; hash: string }>()
  let checked = 0
  for (const [stream, until] of position) {
    let last = chainStart
    while (last.sequence < until) {
      const limit = Math.min(PAGE, until - last.sequence)
      const entries = await log.readStream(stream, last.sequence, limit)
      const check = followChain(last, entries, sha256)
      if (check.kind === 'broken') return { intact: false, stream, ...broken(check) }
      if (check.last.sequence === last.sequence) {
        return {
          intact: false,
          stream,
          sequence: last.sequence + 1,
          problem: 'the entry is missing',
        }
      }
      last = check.last
      checked += entries.length
      onProgress({ checked, total })
    }
    heads.set(stream, last)
  }
  return { intact: true, entries: checked, heads }
}

function broken({ sequence, problem }: { sequence: number; problem: string }) {
  return { sequence, problem }
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
