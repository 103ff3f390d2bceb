import type { Revocation } from '../domain/revocation.ts'
import type { CutStore } from '../ports/cut.ts'
import type { LogStore } from '../ports/store.ts'
import { entryWords } from '../protocol/feed.ts'
import { writeEntry } from '../verifier/fingerprint.ts'
import type { Replica } from '../verifier/replica.ts'

/** Writes entries into a replica as they are committed, and returns their words. */
export function applyRevocations(replica: Replica, entries: readonly Revocation[]): Uint32Array {
  const words = new Uint32Array(entries.length * entryWords)
  for (const [index, entry] of entries.entries()) writeEntry(entry, words, index * entryWords)
  replica.applyWords(words, entries.length)
  return words
}

/**
 * Fills a replica with everything that a verifier must know now. Subscribe to the log before
 * calling: an entry that comes twice does no harm, one that is missed would.
 *
 * @param overSeconds What is to be forgotten by then is left out. Unix time in seconds.
 */
export async function fillReplica(
  replica: Replica,
  store: Pick<LogStore, 'liveRevocations'> & Pick<CutStore, 'readCheckpoints'>,
  overSeconds: number,
): Promise<void> {
  replica.leaveOut(overSeconds)
  for await (const entries of store.liveRevocations(overSeconds * 1000)) {
    applyRevocations(replica, entries)
  }
  // What was cut would not be found, whatever this node's clock says. Read last, so that it covers
  // what was cut meanwhile.
  for (const { beforeMs } of await store.readCheckpoints()) {
    replica.leaveOut(Math.ceil(beforeMs / 1000))
  }
}
