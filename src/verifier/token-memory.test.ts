import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Replica } from './replica.ts'
import { TokenMemory, type SignedClaims } from './token-memory.ts'
import { verifiedToken } from './verified-token.ts'

const claims: SignedClaims = {
  iss: 'https://auth.example',
  aud: ['api'],
  sub: 'maria',
  client_id: 'app',
  jti: '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d77',
  sid: '019a9d2e-6f3c-7d10-b0c4-1f6a2b9e8d78',
  gen: {},
  iat: 0,
  nbf: 0,
  exp: 4_000_000_000,
  kid: 'k',
}

suite('TokenMemory', () => {
  test('a token that was signed here is known, also after it was dropped among the verified', () => {
    const replica = new Replica()
    const memory = new TokenMemory(replica, 4)
    memory.addSigned('signed.here', claims)
    const first = memory.get('signed.here')
    assert.equal(memory.get('signed.here'), first)
    for (let at = 0; at < 8; at++) {
      memory.addVerified(verifiedToken(`other.${String(at)}`, { ...claims }, replica))
    }
    const again = memory.get('signed.here')
    assert.notEqual(again, first)
    assert.deepEqual(again?.claims, claims)
    assert.deepEqual(again.named, first?.named)
  })

  test('what was signed has the same bound, and is dropped with all else', () => {
    const memory = new TokenMemory(new Replica(), 4)
    for (let at = 0; at < 100; at++)
      memory.addSigned(`token.${String(at).padStart(6, '0')}`, claims)
    const known = Array.from({ length: 100 }, (_, at) =>
      memory.get(`token.${String(at).padStart(6, '0')}`),
    ).filter((token) => token !== undefined)
    assert.ok(known.length > 0 && known.length <= 4, `${String(known.length)} are known`)
    memory.clear()
    assert.equal(memory.get('token.000099'), undefined)
  })
})
