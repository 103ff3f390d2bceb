/** Which database answers, what it lacks, and what the store does about that. */
import type { Abilities } from '../../stores/postgres/abilities.ts'
import { LOOK_EVERY_MS } from '../../stores/postgres/parts.ts'
import { ok, warn, type Finding } from './finding.ts'

/** What an ability is called where it is missing. */
const names: Readonly<Record<keyof Omit<Abilities, 'product'>, string>> = {
  notifier: 'LISTEN',
  collations: 'columns with COLLATE "C"',
  atomicSchema: 'schema changes in a transaction',
  settings: 'planner settings',
  tableLocks: 'LOCK TABLE',
  activity: 'views of the whole server',
}

export function judgeDatabase(abilities: Abilities): Finding {
  const check = 'postgres.database'
  const lacking = Object.entries(names)
    .filter(([ability]) => !abilities[ability as keyof typeof names])
    .map(([, name]) => name)
  if (lacking.length === 0) return ok(check, abilities.product)
  return warn(
    check,
    `${abilities.product}: the store goes without ${lacking.join(', ')}`,
    'no release was run on it: try it, and read “What the database must have” in docs/scaling.md',
  )
}

/** Where there is no notifier: how nodes hear of each other instead. */
export function judgeLooking(): Finding {
  const measured = `there is none: nodes look for news every ${String(LOOK_EVERY_MS.poll)} ms`
  return ok('postgres.listen', measured)
}
