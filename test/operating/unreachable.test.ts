/** A server that cannot open its database says why, so that a stranger can mend it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { startCluster, type TestCluster } from '../../src/testing/postgres.ts'
import { outright } from './doctor.ts'

let server: TestCluster
let url: string
before(async () => {
  server = await startCluster({ settings: { max_connections: '6' } })
  url = await server.createDatabase()
})
after(() => server.stop())

function serve(databaseUrl: string): Promise<{ readonly code: number; readonly err: string }> {
  return outright(['serve', '--port', '0'], { OUTRIGHT_DATABASE_URL: databaseUrl })
}

function changed(part: 'pathname' | 'username' | 'port', value: string): string {
  const other = new URL(url)
  other.password = 'very-secret'
  other[part] = value
  return other.href
}

describe('outright serve without its database', () => {
  const cases: readonly (readonly [string, () => string, string])[] = [
    [
      'no server listens',
      () => changed('port', '1'),
      'nothing listens there: start it, or correct the address (ECONNREFUSED)',
    ],
    ['no database', () => changed('pathname', '/none'), 'it has no database of this name (3D000)'],
    [
      'no role',
      () => changed('username', 'nobody'),
      'it does not let this role in: see its pg_hba.conf (28000)',
    ],
  ]
  for (const [name, made, words] of cases) {
    test(name, async () => {
      const { code, err } = await serve(made())
      assert.equal(code, 1)
      assert.equal(err, `outright: cannot open the database: PostgreSQL: ${words}\n`)
    })
  }

  test('no connection is left', async () => {
    const held = Array.from({ length: 3 }, () => new pg.Client({ connectionString: url }))
    await Promise.all(held.map((client) => client.connect()))
    try {
      const { code, err } = await serve(url)
      assert.equal(code, 1)
      assert.equal(
        err,
        'outright: cannot open the database: PostgreSQL: it has no connection left: ' +
          'raise max_connections (53300)\n',
      )
    } finally {
      await Promise.all(held.map((client) => client.end()))
    }
  })

  test('a URL of something else is wrong usage, and is not repeated', async () => {
    for (const wrong of ['mysql://me:very-secret@db/outright', 'very-secret']) {
      const { code, err } = await serve(wrong)
      assert.equal(code, 2)
      assert.equal(
        err,
        'outright: cannot use a setting: databaseUrl has a value that cannot be used and is not shown (OUTRIGHT_DATABASE_URL); allowed: a URL that begins with postgres:// or postgresql://\n',
      )
    }
  })
})

describe('a data folder that cannot be made', () => {
  const data = '/dev/null/x'
  const why = 'a part of its path is not a folder (ENOTDIR)'

  test('outright serve', async () => {
    const { code, err } = await outright(['serve', '--port', '0', '--data', data])
    assert.equal(code, 1)
    assert.equal(err, `outright: cannot open ${data}/outright.db: ${why}\n`)
  })

  test('outright restore', async () => {
    const { code, err } = await outright(['restore', process.execPath, '--data', data])
    assert.equal(code, 1)
    assert.equal(
      err,
      `outright: cannot restore ${process.execPath} to ${data}/outright.db: ${why}\n`,
    )
  })
})
