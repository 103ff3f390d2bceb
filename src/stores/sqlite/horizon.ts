/** The access horizon in its one row, which the thread that writes keeps in memory as well. */
import type { DatabaseSync } from 'node:sqlite'
import {
  extend,
  farther,
  formatHorizon,
  lastExpiryMs,
  parseHorizon,
  type AccessHorizon,
  type AccessLife,
} from '../../domain/access-horizon.ts'
import type { PointQueries } from '../commands.ts'
import { shaped } from './rows.ts'

export interface HorizonKeeper {
  /** As it is in this transaction. */
  read(): AccessHorizon
  /** Moves it behind this token. */
  extend(life: AccessLife): void
  /** Moves it at least as far as another one. */
  reach(other: AccessHorizon): void
  /** Remembers this moment; the returned function goes back to it. After a rollback to a savepoint. */
  mark(): () => void
  /** Reads it anew before it is used again. After a rollback. */
  reset(): void
}

const find = 'SELECT until FROM access_horizon WHERE number = 1'

export function horizonKeeper(database: DatabaseSync): HorizonKeeper {
  const select = database.prepare(find)
  const move = database.prepare('UPDATE access_horizon SET until = ? WHERE number = 1')
  let known: AccessHorizon | undefined

  function read(): AccessHorizon {
    return (known ??= parseHorizon(shaped<{ until: string }>(select.get()).until))
  }
  function write(horizon: AccessHorizon): void {
    move.run(formatHorizon(horizon))
    known = horizon
  }
  return {
    read,
    extend(life) {
      const before = read()
      const after = extend(before, [life])
      if (after !== before) write(after)
    },
    reach(other) {
      write(farther(read(), other))
    },
    mark() {
      const before = known
      return () => {
        known = before
      }
    },
    reset() {
      known = undefined
    },
  }
}

export function horizonPointReader(
  database: DatabaseSync,
): Pick<PointQueries, 'lastAccessExpiryMs'> {
  const select = database.prepare(find)
  return {
    lastAccessExpiryMs: () =>
      lastExpiryMs(parseHorizon(shaped<{ until: string }>(select.get()).until)),
  }
}
