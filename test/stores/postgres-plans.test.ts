/** How PostgreSQL is told to plan what a node asks for by key. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { abilitiesOf } from '../../src/stores/postgres/abilities.ts'
import { Connection, planForKeys } from '../../src/stores/postgres/connection.ts'
import { startPostgres } from '../../src/testing/postgres.ts'

const server = await startPostgres({ settings: { fsync: 'off' } })
after(() => server.stop())

test('a statement that has to read a whole table is not compiled for it', async () => {
  const connection = await Connection.open({
    url: await server.createDatabase(),
    name: 'plans',
    answerMs: 5_000,
  })
  try {
    await planForKeys(connection, abilitiesOf('PostgreSQL 15.13'))
    const plan = await connection.run({
      name: 'plan',
      text: 'EXPLAIN SELECT relkind FROM pg_class',
    })
    const lines = plan.map((row) => Object.values(row as Record<string, string>)[0])
    assert.match(lines.join('\n'), /Seq Scan/)
    assert.doesNotMatch(lines.join('\n'), /JIT/)
  } finally {
    await connection.end()
  }
})
