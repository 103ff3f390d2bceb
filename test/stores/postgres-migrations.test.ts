/**
 * Steps of the schema: stopped anywhere they go on from there, done by several they are done once,
 * and an older node serves on beside a newer schema that only adds.
 */
import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { Connection, type Statement } from '../../src/stores/postgres/connection.ts'
import {
  migrate,
  statementsOf,
  type MigratedConnection,
} from '../../src/stores/postgres/migrations.ts'
import { migrations, type Migration } from '../../src/stores/postgres/schema/index.ts'
import type { PostgresStore } from '../../src/stores/postgres/store.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import {
  allPages,
  now,
  openWithToken,
  revocation,
  rotation,
  times,
} from '../../src/stores/contract/samples.ts'
import { startPostgres } from '../../src/testing/postgres.ts'
import { modes, openNode } from './temporary-postgres.ts'

const server = await startPostgres({ settings: { fsync: 'off' } })
after(() => server.stop())

const everything = { atomicSchema: true, collations: true }
const ways = [everything, modes[1].options.abilities ?? everything]

/** What a later version may bring: a table, columns of tables that every node reads, an index. */
const next: Migration = {
  number: (migrations.at(-1)?.number ?? 0) + 1,
  name: 'labels',
  needs: migrations.at(-1)?.needs ?? 1,
  sql: `
    CREATE TABLE labels (id text COLLATE "C" PRIMARY KEY, label text NOT NULL);
    ALTER TABLE sessions ADD COLUMN label text NOT NULL DEFAULT '';
    ALTER TABLE refresh_tokens ADD COLUMN label text NOT NULL DEFAULT '';
    ALTER TABLE log ADD COLUMN label text NOT NULL DEFAULT '';
    ALTER TABLE generations ADD COLUMN label text;
    ALTER TABLE streams ADD COLUMN label text;
    ALTER TABLE nodes ADD COLUMN label text;
    ALTER TABLE subjects ADD COLUMN label text;
    ALTER TABLE clients ADD COLUMN label text;
    ALTER TABLE tickets ADD COLUMN label text;
    ALTER TABLE signing_keys ADD COLUMN label text;
    CREATE INDEX sessions_by_label ON sessions (label, number);
  `,
}
const later: readonly Migration[] = [...migrations, next]

async function connected<T>(url: string, use: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await Connection.open({ url, name: 'test', answerMs: 30_000 })
  try {
    return await use(connection)
  } finally {
    await connection.end()
  }
}

/** Breaks instead of sending one statement more than that; reads, which change nothing, apart. */
function breaksAfter(connection: Connection, statements: number): MigratedConnection {
  let left = statements
  const orBreak = <T>(send: () => Promise<T>): Promise<T> => {
    if (left-- > 0) return send()
    connection.destroy()
    return Promise.reject(new Error('the connection broke'))
  }
  return {
    get lost() {
      return connection.lost
    },
    run: <Row>(statement: Statement, values?: readonly unknown[]) => {
      const send = () => connection.run<Row>(statement, values)
      return statement.text.startsWith('SELECT') ? send() : orBreak(send)
    },
    command: (text) => orBreak(() => connection.command(text)),
  }
}

/** Calls `first` before it sends a statement that is like this for the first time. */
function heldBefore(
  connection: Connection,
  held: (text: string) => boolean,
  first: () => Promise<void>,
): MigratedConnection {
  let isHeld = false
  return {
    get lost() {
      return connection.lost
    },
    run: (...sent) => connection.run(...sent),
    async command(text) {
      if (!isHeld && held(text)) {
        isHeld = true
        await first()
      }
      return connection.command(text)
    },
  }
}

/** Columns, indexes and steps, as lines in a fixed order. */
function schemaOf(connection: Connection): Promise<readonly unknown[]> {
  return connection.run({
    name: 'schema_of',
    text: `SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
        || coalesce(' ' || collation_name, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public'
      UNION SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
      UNION SELECT 'step ' || number || ' ' || name || ' ' || needs FROM schema_migrations
      ORDER BY line`,
  })
}

/** What a step makes that a later one drops: an index, by its name. */
const dropped = migrations
  .flatMap(statementsOf)
  .flatMap((statement) => /^DROP INDEX IF EXISTS (\w+)$/.exec(statement)?.[1] ?? [])

const makes = (index: string) => (statement: string) =>
  new RegExp(`^CREATE (UNIQUE )?INDEX ${index} ON`).test(statement)

describe('statement by statement, a node that was held up', () => {
  const abilities = ways[1]!

  it('leaves no index behind that another node has dropped meanwhile', async () => {
    const whole = await connected(await server.createDatabase(), async (connection) => {
      await migrate(connection, abilities, later)
      return schemaOf(connection)
    })
    assert.ok(dropped.length > 5)
    for (const index of dropped) {
      const url = await server.createDatabase()
      let byOther: readonly Migration[] = []
      const byItself = await connected(url, (slow) => {
        const held = heldBefore(slow, makes(index), async () => {
          byOther = await connected(url, (other) => migrate(other, abilities, later))
        })
        return migrate(held, abilities, later)
      })
      assert.deepEqual([...byItself, ...byOther], later, `held before ${index}`)
      assert.deepEqual(await connected(url, schemaOf), whole, `held before ${index}`)
    }
  })

  it('drops what an older one made again, at the next start', async () => {
    const url = await server.createDatabase()
    await connected(url, async (connection) => {
      await migrate(connection, abilities)
      const whole = await schemaOf(connection)
      for (const index of dropped) {
        const made = migrations.flatMap(statementsOf).filter(makes(index))
        assert.equal(made.length, 1)
        await connection.command(made[0] ?? '')
      }
      assert.notDeepEqual(await schemaOf(connection), whole)
      assert.deepEqual(await migrate(connection, abilities), [])
      assert.deepEqual(await schemaOf(connection), whole)
    })
  })

  it('takes no logout of a node that serves already for one from before the step', async () => {
    const url = await server.createDatabase()
    const request = { dialects: [], issuers: [], stream: undefined, limit: 10 }
    const [, { options }] = modes
    await connected(url, async (slow) => {
      const isCursors = (text: string) => text.startsWith('INSERT INTO delivery_cursors')
      const held = heldBefore(slow, isCursors, async () => {
        const node = await openNode(url, 'north', options)
        await node.revoke(revocation({ key: 'who' }))
        assert.ok(await node.readEnds(request))
        await node.close()
      })
      await slow.command('SET idle_in_transaction_session_timeout = 0')
      await migrate(held, abilities)
    })
    const node = await openNode(url, 'north', options)
    try {
      assert.ok(await node.readEnds(request), 'what was ended is not told any more')
    } finally {
      await node.close()
    }
  })

  it('gives no name again that was dropped', () => {
    for (const index of dropped) {
      assert.equal(migrations.flatMap(statementsOf).filter(makes(index)).length, 1, index)
    }
  })
})

describe('a migration', () => {
  for (const abilities of ways) {
    const way = abilities.atomicSchema ? 'at once' : 'statement by statement'

    it(`that is stopped anywhere goes on from there, ${way}`, async () => {
      const whole = await connected(await server.createDatabase(), async (connection) => {
        await migrate(connection, abilities, later)
        return schemaOf(connection)
      })
      for (let statements = 0, done = false; !done; statements++) {
        const url = await server.createDatabase()
        const breaking = await Connection.open({ url, name: 'test', answerMs: 30_000 })
        try {
          await migrate(breaksAfter(breaking, statements), abilities, later)
          done = true
          // Every statement was one more place to stop at.
          assert.ok(abilities.atomicSchema || statements > later.flatMap(statementsOf).length)
        } catch (error) {
          assert.match(String(error), /the connection broke/)
        } finally {
          await breaking.end()
        }
        const after = await connected(url, async (connection) => {
          await migrate(connection, abilities, later)
          return schemaOf(connection)
        })
        assert.deepEqual(after, whole, `after ${String(statements)} statements`)
      }
    })

    it(`by eight at once comes to the same, ${way}`, async () => {
      const alone = await server.createDatabase()
      const whole = await connected(alone, async (connection) => {
        await migrate(connection, abilities, later)
        return schemaOf(connection)
      })
      for (let round = 0; round < 5; round++) {
        const url = await server.createDatabase()
        const migrateIt = (connection: Connection) => migrate(connection, abilities, later)
        const applied = await Promise.all(times(8, () => connected(url, migrateIt)))
        assert.deepEqual(
          applied
            .flat()
            .map(({ number }) => number)
            .toSorted((one, other) => one - other),
          later.map(({ number }) => number),
        )
        assert.deepEqual(await connected(url, schemaOf), whole)
      }
    })
  }

  it('orders names by their bytes where columns can be told to', async () => {
    const collated = async (way: (typeof ways)[number]) => {
      const url = await server.createDatabase()
      const lines = await connected(url, async (connection) => {
        await migrate(connection, way)
        return schemaOf(connection)
      })
      return lines.filter((line) => JSON.stringify(line).includes(' C"')).length
    }
    assert.deepEqual([(await collated(ways[0]!)) > 20, await collated(ways[1]!)], [true, 0])
  })
})

/** Everything that a node does with rows of sessions, revocations, subjects, tickets and keys. */
async function serve(node: PostgresStore, name: string): Promise<void> {
  const { sid, token } = await openWithToken(node)
  const first = rotation(token)
  assert.deepEqual(await node.rotate(first), { kind: 'rotated' })
  assert.ok(first.successor)
  assert.equal((await node.findSession(sid))?.sid, sid)
  assert.ok(await node.findRefreshToken(first.successor.id, first.successor.secretHash))
  const { revocation: entry, added } = await node.revoke(revocation({ key: sid }))
  assert.ok(added)
  assert.equal((await node.revoke(revocation({ key: sid }))).added, false)
  assert.deepEqual(await node.rotate(rotation(first.successor)), { kind: 'revoked' })
  assert.deepEqual(await node.findRevocation(entry.id), entry)
  assert.ok((await node.revoke(revocation({ scope: 'subject', key: name }))).added)
  const page = { limit: 1000, cursor: undefined }
  assert.ok((await node.listSessions({}, 0, page)).items.length > 0)
  assert.ok((await node.listRevocations({}, page)).items.length > 0)
  const ticket = { kind: 'k', key: name, value: '1', expiresAtMs: 1 }
  await node.putTicket(ticket)
  assert.equal((await node.findTicket('k', name))?.value, '1')
  assert.deepEqual(await node.takeTicket('k', name), ticket)
  await node.listSubjects(page)
  await node.listClients(page)
  await node.listKeys()
}

/** What the version before step 16 asked with, of rows that were there and of its own logins. */
const formerSearch = {
  name: 'former_search',
  text: `SELECT sid FROM sessions
    WHERE substring(attributes, '"address":"([^"]*)"') = $1 ORDER BY number DESC`,
}

const formerLogins = (of: string, rows: number): string => `
  INSERT INTO sessions (sid, participant_id, participant_generation, subject_id, client_id,
    dialect, created_at_ms, expires_at_ms, access_lifetime_ms, everyone_generation,
    subject_generation, client_generation, grant_generation, device_generation, attributes)
  SELECT '${of}-' || i, '', 0, 's', 'c', 'd', 1, 1, 1, 0, 0, 0, 0, 0,
    (ARRAY['{"address":"192.0.2.1","userAgent":"\\"address\\":\\"2001:db8::1\\""}', '{}',
      '{"scope":"\\"address\\":\\"192.0.2.1\\"","address":"2001:db8::1"}'])[i % 3 + 1]
  FROM generate_series(1, ${String(rows)}) AS i`

describe('an older node', () => {
  for (const abilities of ways) {
    const way = abilities.atomicSchema ? 'at once' : 'statement by statement'

    it(`logs in and searches while addresses are indexed anew, ${way}`, async () => {
      const url = await server.createDatabase()
      const before = migrations.filter(({ number }) => number < 16)
      await connected(url, async (older) => {
        await migrate(older, abilities, before)
        await older.command(formerLogins('before', 3_000))
        let served = 0
        const migrated = connected(url, (newer) => migrate(newer, abilities))
        let isMigrating = true
        const ended = migrated.finally(() => {
          isMigrating = false
        })
        while (isMigrating || served === 0) {
          await older.command(formerLogins(`while-${String(served)}`, 30))
          const found = await older.run(formerSearch, ['192.0.2.1'])
          served++
          assert.equal(found.length, 1_000 + 10 * served)
        }
        assert.deepEqual(
          (await ended).map(({ number }) => number),
          migrations.map(({ number }) => number).filter((number) => number >= 16),
        )
        const node = await openNode(url, 'north')
        try {
          for (const address of ['192.0.2.1', '2001:db8::1', '192.0.2.2']) {
            const found = await allPages((page) => node.listSessions({ address }, now, page), 1_000)
            const expected = await older.run<{ sid: string }>(formerSearch, [address])
            assert.deepEqual(
              found.map(({ session }) => session.sid),
              expected.map(({ sid }) => sid),
            )
          }
        } finally {
          await node.close()
        }
      })
    })
  }

  for (const { name, options } of modes) {
    const abilities = options.abilities ?? everything

    it(`serves before, while and after a newer version adds to the schema: ${name}`, async () => {
      const url = await server.createDatabase()
      const node = await openNode(url, 'north', options)
      let serving = true
      let served = 0
      try {
        await serve(node, 'before')
        const meanwhile = Promise.all(
          times(4, async (caller) => {
            while (serving) await serve(node, `while ${String(caller)} ${String(served++)}`)
          }),
        )
        const steps = await connected(url, (connection) => migrate(connection, abilities, later))
        assert.deepEqual(steps, [next])
        const before = served
        while (served < before + 8) await new Promise((resolve) => setTimeout(resolve, 5))
        serving = false
        await meanwhile
        await serve(node, 'after')
        await assertChain(node, (await node.head()).get('north') ?? 0)
      } finally {
        serving = false
        await node.close()
      }
      const restarted = await openNode(url, 'north', options)
      await serve(restarted, 'restarted')
      await restarted.close()
    })

    it(`serves on, and does not start again, where it is too old for a step: ${name}`, async () => {
      const url = await server.createDatabase()
      const node = await openNode(url, 'north', options)
      try {
        const steps = [...migrations, { ...next, needs: next.number }]
        await connected(url, (connection) => migrate(connection, abilities, steps))
        await serve(node, 'after')
        await assert.rejects(
          openNode(url, 'south', options),
          new RegExp(
            `^Error: Cannot use this database: its schema needs a version of Outright that knows ` +
              `step ${String(next.number)}, and this one knows only up to ${String(next.number - 1)}$`,
          ),
        )
      } finally {
        await node.close()
      }
    })
  }
})
