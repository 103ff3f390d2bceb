import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { scopeRow, scopes } from '../domain/scope.ts'
import { entryWords } from '../protocol/feed.ts'
import { isAlive } from './alive.ts'
import { writeEntry, type Entry } from './fingerprint.ts'
import { Replica } from './replica.ts'
import { foreignFacts, tokenFacts, type ForeignNames } from './token-facts.ts'

const issuer = 'https://idp.example'
const uuid = '0196f0a1-b2c3-7d4e-8f50-4c3d2e1f013c'
const never = Number.MAX_SAFE_INTEGER
const names = { jti: uuid, sid: 'session 1', sub: 'maria', client_id: 'shop' }
const sinceSeconds = 1_800_000_000

function foreign(changes: Partial<ForeignNames> = {}): ReturnType<typeof foreignFacts> {
  return foreignFacts({ issuer, names, sinceSeconds, ...changes })
}

/** A replica in which this has ended. */
function ended(entry: Pick<Entry, 'scope' | 'key'> & Partial<Entry>): Replica {
  const replica = new Replica()
  const words = new Uint32Array(entryWords)
  const none = { issuer: '', generation: 0, cutoffSeconds: 0, forgetAfterMs: never }
  writeEntry({ ...none, ...entry }, words, 0)
  replica.applyWords(words, 1)
  return replica
}

suite('a token of another issuer', () => {
  test('ends by its own id and its session, once', () => {
    assert.equal(isAlive(new Replica(), foreign()), true)
    for (const [scope, key] of [
      ['token', uuid],
      ['session', 'session 1'],
    ] as const) {
      assert.equal(isAlive(ended({ scope, issuer, key }), foreign()), false, scope)
      assert.equal(isAlive(ended({ scope, issuer, key: `${key}x` }), foreign()), true, scope)
    }
  })

  test('ends by its subject, its client, both and everyone, up to a second and with it', () => {
    const keys = { subject: 'maria', client: 'shop', grant: 'shop maria', everyone: '*' } as const
    for (const [scope, key] of Object.entries(keys) as [keyof typeof keys, string][]) {
      const at = (cutoffSeconds: number) => ended({ scope, issuer, key, cutoffSeconds })
      assert.equal(isAlive(at(sinceSeconds - 1), foreign()), true, scope)
      assert.equal(isAlive(at(sinceSeconds), foreign()), false, scope)
      assert.equal(isAlive(at(sinceSeconds + 1), foreign()), false, scope)
      assert.equal(isAlive(at(sinceSeconds), foreign({ sinceSeconds: sinceSeconds + 1 })), true)
    }
  })

  test('does not end by what another issuer, or this server, has ended under the same names', () => {
    for (const scope of scopes) {
      const { foreign: kind } = scopeRow(scope)
      const key =
        { token: uuid, session: 'session 1', grant: 'shop maria', everyone: '*' }[
          scope as 'token'
        ] ?? (scope === 'client' ? 'shop' : 'maria')
      const wide = { generation: 9, cutoffSeconds: sinceSeconds }
      assert.equal(isAlive(ended({ scope, key, ...wide }), foreign()), true, scope)
      if (kind === 'none') continue
      for (const whose of [`${issuer}/`, 'https://IDP.example', 'https://other.example']) {
        assert.equal(isAlive(ended({ scope, issuer: whose, key, ...wide }), foreign()), true, scope)
      }
    }
  })

  test('ends nothing of ours, though it chooses the last half of a UUID of ours', () => {
    const claims = {
      iss: 'https://auth.example',
      aud: ['api'],
      ...names,
      sid: uuid,
      gen: {},
      iat: 0,
      nbf: 0,
      exp: 0,
    }
    for (const scope of ['token', 'session'] as const) {
      assert.equal(isAlive(ended({ scope, key: uuid }), tokenFacts(claims)), false)
      assert.equal(isAlive(ended({ scope, issuer, key: uuid }), tokenFacts(claims)), true, scope)
    }
  })

  test('is not judged where it does not say when it was issued, or by whom', () => {
    assert.throws(() => foreign({ sinceSeconds: NaN }), RangeError)
    assert.throws(() => foreign({ issuer: '' }), RangeError)
  })

  test('is judged by the names that it has', () => {
    const facts = foreign({ names: { sub: 'maria' } })
    assert.equal(isAlive(ended({ scope: 'session', issuer, key: 'session 1' }), facts), true)
    const cut = { scope: 'subject', issuer, key: 'maria', cutoffSeconds: sinceSeconds } as const
    assert.equal(isAlive(ended(cut), facts), false)
  })
})

suite('writeEntry()', () => {
  test('refuses what no verifier could judge', () => {
    const entry = { scope: 'device', issuer, key: 'tv', generation: 1, cutoffSeconds: 0 } as const
    assert.throws(
      () => writeEntry({ ...entry, forgetAfterMs: never }, new Uint32Array(entryWords), 0),
      RangeError,
    )
  })
})
