import { validate, version } from 'uuid'
import type { Checkpoint } from '../domain/checkpoint.ts'
import type { CoreDependencies } from './dependencies.ts'

/**
 * The checkpoint that an entry which is not found may lie behind: a revocation of the time that its
 * id (a UUIDv7) names would have been cut.
 *
 * @returns Undefined where the log would still have it, so that there never was one.
 */
export async function findCut(
  { store }: Pick<CoreDependencies, 'store'>,
  revocationId: string,
): Promise<Checkpoint | undefined> {
  if (!validate(revocationId) || version(revocationId) !== 7) return undefined
  // RFC 9562, section 5.7: the first 48 bits are milliseconds since 1970.
  const madeMs = Number.parseInt(revocationId.replace('-', '').slice(0, 12), 16)
  const checkpoints = await store.readCheckpoints()
  return checkpoints
    .filter(({ beforeMs }) => madeMs < beforeMs)
    .toSorted((one, other) => other.beforeMs - one.beforeMs)[0]
}
