import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { failureOf } from './refused.ts'
import { reasonOf } from './reasons.ts'

function sent(code: string): Error {
  const error = new pg.DatabaseError('the text, which may hold a value: very-secret', 1, 'error')
  error.code = code
  return error
}

/** What a server that is not well may say: postgresql.org/docs/current/errcodes-appendix.html. */
const unwell =
  '08000 08001 08003 08004 08006 08007 08P01 0A000 25006 25P03 26000 28000 28P01 3D000 3F000 40001 40P01 42501 42P05 53000 ' +
  '53100 53200 53300 53400 55000 55006 55P03 57000 57014 57P01 57P02 57P03 57P04 57P05 58000 58030 58P01 58P02 F0000 XX000 XX001 XX002 72000 ZZ999'

describe('what PostgreSQL reports', () => {
  for (const code of unwell.split(' ')) {
    it(`${code}: has words and its code, and is not the caller's fault`, () => {
      const reason = reasonOf(sent(code))
      assert.match(reason, new RegExp(`^PostgreSQL: [a-z].{15,} \\(${code}\\)$`))
      assert.ok(!reason.includes('very-secret'))
      assert.equal(failureOf(sent(code)).kind, 'store_unavailable')
    })
  }

  it('what only a mistake of ours brings about is told apart', () => {
    for (const code of ['42601', '42703', '23502', '23514']) {
      assert.equal(failureOf(sent(code)).kind, 'internal')
    }
    assert.equal(failureOf(sent('22003')).kind, 'invalid_parameter')
    assert.equal(failureOf(sent('23505')).kind, 'conflict')
  })

  it('codes of the system and of TLS have words as well', () => {
    for (const code of ['ECONNREFUSED', 'EMFILE', 'EACCES', 'DEPTH_ZERO_SELF_SIGNED_CERT']) {
      const error = Object.assign(new Error('connect'), { code })
      assert.match(reasonOf(error), new RegExp(`^PostgreSQL: [a-z].{15,} \\(${code}\\)$`))
    }
  })
})
