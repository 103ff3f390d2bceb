/** Brings the schema up to date: applies the steps of `schema.ts` that a database lacks. */
import type { Abilities } from './abilities.ts'
import { type Connection } from './connection.ts'
import { sqlState } from './reasons.ts'
import { migrations, type Migration } from './schema/index.ts'

/** Two nodes that start at once meet here; the one that comes second waits, then looks again. */
const ATTEMPTS = 50

/** What is done here to a connection. */
export type MigratedConnection = Pick<Connection, 'run' | 'command' | 'lost'>

/**
 * Applies the steps that are missing. Safe while other nodes do the same or serve:
 *
 * - Where changes of the schema are atomic, each step is a transaction of its own. Its row is
 *   inserted before its work, so the primary key lets one node in.
 * - Elsewhere each statement stands alone and the row comes last. A step that stopped half-way is run
 *   again, by the next node or by two at once: what is there already is skipped.
 *
 * @param steps Default: all that this version knows.
 * @returns The steps that were applied here; another node may have applied the rest.
 * @throws {Error} Where a newer version wrote a schema that this one cannot serve.
 */
export async function migrate(
  connection: MigratedConnection,
  abilities: Pick<Abilities, 'atomicSchema' | 'collations'>,
  steps: readonly Migration[] = migrations,
): Promise<readonly Migration[]> {
  const apply = abilities.atomicSchema ? applyAtOnce : applyOneByOne
  const applied: Migration[] = []
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.command(
        'CREATE TABLE IF NOT EXISTS schema_migrations ' +
          '(number bigint PRIMARY KEY, name text NOT NULL, needs bigint NOT NULL)',
      )
      for (const step of await missing(connection, steps)) {
        const sql = abilities.collations ? step.sql : step.sql.replaceAll(' COLLATE "C"', '')
        await apply(connection, { ...step, sql })
        applied.push(step)
      }
      return applied
    } catch (error) {
      if (attempt === ATTEMPTS || !isMeeting(error)) throw error
    }
  }
}

async function missing(
  connection: MigratedConnection,
  steps: readonly Migration[],
): Promise<readonly Migration[]> {
  const done = await connection.run<{ number: number; needs: number }>({
    name: 'schema_steps',
    text: 'SELECT number, needs FROM schema_migrations',
  })
  const known = steps.at(-1)?.number ?? 0
  const needed = Math.max(0, ...done.map(({ needs }) => needs))
  if (needed > known) {
    throw new Error(
      `Cannot use this database: its schema needs a version of Outright that knows step ` +
        `${String(needed)}, and this one knows only up to ${String(known)}`,
    )
  }
  const numbers = new Set(done.map(({ number }) => number))
  return steps.filter(({ number }) => !numbers.has(number))
}

async function applyAtOnce(connection: MigratedConnection, step: Migration): Promise<void> {
  await connection.command('BEGIN')
  try {
    await insertStep(connection, step)
    await connection.command(step.sql)
    await connection.command('COMMIT')
  } catch (error) {
    if (!connection.lost) await connection.command('ROLLBACK')
    throw error
  }
}

async function applyOneByOne(connection: MigratedConnection, step: Migration): Promise<void> {
  for (const statement of statementsOf(step)) {
    try {
      await connection.command(statement)
    } catch (error) {
      if (!isThere(error)) throw error
    }
  }
  await insertStep(connection, step)
}

/** The statements of a step, without their semicolons. */
export function statementsOf({ sql }: Pick<Migration, 'sql'>): readonly string[] {
  return sql
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}

function insertStep(
  connection: MigratedConnection,
  { number, name, needs }: Migration,
): Promise<unknown> {
  const text = 'INSERT INTO schema_migrations (number, name, needs) VALUES ($1, $2, $3)'
  return connection.run({ name: 'schema_step', text }, [number, name, needs])
}

/** A table, an index, a column or a constraint of this name is there. */
function isThere(error: unknown): boolean {
  return ['42P07', '42701', '42710'].includes(sqlState(error) ?? '')
}

/** What one of two nodes sees that create the same thing at once; the other has done it. */
function isMeeting(error: unknown): boolean {
  return ['23505', '42P07', '42710', '40001', '40P01', '55P03'].includes(sqlState(error) ?? '')
}
