/** Brings the schema up to date: applies the steps of `schema.ts` that a database lacks. */
import type { Abilities } from './abilities.ts'
import { type Connection } from './connection.ts'
import { sqlState } from './reasons.ts'
import { migrations, type Migration } from './schema/index.ts'

/**
 * Two nodes that start at once meet here; the one that comes second waits, then looks again. As
 * often as this before a step is done, by whichever of them.
 */
const ATTEMPTS = 50

/** What is done here to a connection. */
export type MigratedConnection = Pick<Connection, 'run' | 'command' | 'lost'>

/**
 * Applies the steps that are missing. Safe while other nodes do the same or serve:
 *
 * - Where changes of the schema are atomic, each step is a transaction of its own. Its row is
 *   inserted before its work, so the primary key lets one node in.
 * - Elsewhere each statement stands alone and the row comes last. A step that stopped half-way is run
 *   again, by the next node or by two at once: what is there already is skipped. A node that was
 *   held up looks at the row before each statement, and leaves a step that another has done.
 *   Nothing keeps the statement back that it was about to send (a lock would be lost to the same
 *   delay, and older versions would not take it), so every node at last drops what steps have
 *   dropped.
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
  let left = steps.length
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.command(
        'CREATE TABLE IF NOT EXISTS schema_migrations ' +
          '(number bigint PRIMARY KEY, name text NOT NULL, needs bigint NOT NULL)',
      )
      const lacking = await missing(connection, steps)
      if (lacking.length < left) attempt = 1
      left = lacking.length
      for (const step of lacking) {
        const sql = abilities.collations ? step.sql : step.sql.replaceAll(' COLLATE "C"', '')
        if (await apply(connection, { ...step, sql })) applied.push(step)
      }
      if (!abilities.atomicSchema) await dropWhatIsBack(connection, steps)
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

/** Applies a step; false where another node has done it meanwhile. */
type Apply = (connection: MigratedConnection, step: Migration) => Promise<boolean>

const applyAtOnce: Apply = (connection, step) =>
  inTransaction(connection, 'BEGIN', async () => {
    await insertStep(connection, step)
    await connection.command(step.sql)
    return true
  })

const applyOneByOne: Apply = async (connection, step) => {
  for (const statement of statementsOf(step)) {
    const send = isOfSchema(statement) ? changeSchema : changeRows
    if (!(await send(connection, step, statement))) return false
  }
  await insertStep(connection, step)
  return true
}

async function changeSchema(
  connection: MigratedConnection,
  step: Migration,
  statement: string,
): Promise<boolean> {
  if (await isDone(connection, step)) return false
  try {
    await connection.command(statement)
  } catch (error) {
    if (!isThere(error)) throw error
  }
  return true
}

/** The rows are those of before the step was done, however late this comes: nodes serve since. */
function changeRows(
  connection: MigratedConnection,
  step: Migration,
  statement: string,
): Promise<boolean> {
  return inTransaction(connection, 'BEGIN ISOLATION LEVEL SERIALIZABLE', async () => {
    if (await isDone(connection, step)) return false
    await connection.command(statement)
    return true
  })
}

async function inTransaction<T>(
  connection: MigratedConnection,
  begin: string,
  work: () => Promise<T>,
): Promise<T> {
  await connection.command(begin)
  try {
    const result = await work()
    await connection.command('COMMIT')
    return result
  } catch (error) {
    if (!connection.lost) await connection.command('ROLLBACK')
    throw error
  }
}

async function isDone(connection: MigratedConnection, { number }: Migration): Promise<boolean> {
  const text = 'SELECT 1 FROM schema_migrations WHERE number = $1'
  return (await connection.run({ name: 'schema_done', text }, [number])).length > 0
}

/** Indexes that a node made again which was held up before that; an older version leaves them. */
async function dropWhatIsBack(
  connection: MigratedConnection,
  steps: readonly Migration[],
): Promise<void> {
  const there = await connection.run<{ name: string }>({
    name: 'schema_indexes',
    text: `SELECT indexname AS name FROM pg_indexes WHERE schemaname = current_schema()`,
  })
  const names = new Set(there.map(({ name }) => name))
  for (const drop of steps.flatMap(statementsOf)) {
    const [, name] = /^DROP INDEX IF EXISTS (\w+)$/.exec(drop) ?? []
    if (name !== undefined && names.has(name)) await connection.command(drop)
  }
}

function isOfSchema(statement: string): boolean {
  return /^(CREATE|ALTER|DROP) /.test(statement)
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
