/** A signing key that is removed while guards follow one node on SQLite. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader, importJWK, SignJWT, type JWK } from 'jose'
import { createGuard, type Guard } from '../../src/guard/index.ts'
import { startTestServer, type TestServer } from '../harness.ts'

let server: TestServer
let guard: Guard

before(async () => {
  server = await startTestServer()
  guard = createGuard({ server: server.url, credential: 'outright-demo-guard' })
  await guard.ready()
})

after(async () => {
  guard.close()
  await server.close()
})

const open = () =>
  server.core.openSession({
    subjectId: 'maria',
    clientId: 'directlink',
    dialect: 'directlink',
    audience: 'directlink',
    accessLifetimeMs: 600_000,
    refreshLifetimeMs: 6_000_000,
  })

function kidOf(token: string): string {
  return decodeProtectedHeader(token).kid ?? ''
}

/** Signs with the key of a token what no logout reaches. */
async function forge(token: string, header: object = {}): Promise<string> {
  const kid = kidOf(token)
  const stored = (await server.store.listKeys()).find((key) => key.kid === kid)
  const key = await importJWK(JSON.parse(stored?.privateJwk ?? '') as JWK, 'ES256')
  const claims = {
    jti: randomUUID(),
    sid: randomUUID(),
    gen: { e: 9e8, s: 9e8, c: 9e8, g: 9e8, d: 9e8 },
  }
  return new SignJWT({ ...decodeJwt(token), ...claims, exp: 4_000_000_000 })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid, ...header })
    .sign(key)
}

const remove = (kid: string) => server.core.removeKey({ kid, actor: 'operator:admin', wait: true })

suite('a signing key that is removed', () => {
  test('ends what it signed, whatever that says, and what is open for it', async () => {
    const { access, refresh } = await open()
    const forged = await forge(access.token)
    const late = await forge(access.token)
    const verdict = await guard.check(forged)
    assert.ok(verdict.ok)
    assert.equal(verdict.claims.kid, kidOf(access.token))
    const copied = once(process, 'removed-key-test')
    // Callers may keep a copy of what they were given.
    guard.watch({ ...verdict.claims }, () => process.emit('removed-key-test' as never))
    const { revocation, receipt } = await remove(kidOf(access.token))
    assert.equal(receipt.acknowledged, 2)
    await copied
    for (const token of [access.token, forged, late]) {
      assert.equal((await guard.check(token)).ok, false)
      assert.equal((await server.dependencies.verifier.verify(token)).ok, false)
    }
    const next = await server.core.refresh({
      refreshToken: refresh?.token ?? '',
      dialect: 'directlink',
      audience: 'directlink',
      accessLifetimeMs: 600_000,
      refreshLifetimeMs: 6_000_000,
      graceMs: 0,
      onReplay: 'refuse',
    })
    assert.notEqual(kidOf(next.access.token), kidOf(access.token))
    assert.equal((await guard.check(next.access.token)).ok, true)
    const { scope, key, reason, actor } = revocation
    assert.deepEqual(
      { scope, key, reason, actor },
      {
        scope: 'signing_key',
        key: kidOf(access.token),
        reason: 'compromised',
        actor: 'operator:admin',
      },
    )
  })

  test('also where a guard knows that key alone and the token names none', async () => {
    const { access } = await open()
    assert.deepEqual(await guard.check(await forge(access.token, { kid: undefined })), {
      ok: false,
      reason: 'invalid',
    })
  })

  test('is not forgotten, however late', async () => {
    const { access } = await open()
    const forged = await forge(access.token)
    assert.equal((await guard.check(forged)).ok, true)
    await remove(kidOf(access.token))
    server.advance(20 * 365 * 86_400_000)
    assert.equal((await server.dependencies.verifier.verify(forged)).ok, false)
    const late = createGuard({
      server: server.url,
      credential: 'outright-demo-guard',
      name: 'late',
    })
    await late.ready()
    const verdict = await late.check(forged)
    late.close()
    assert.equal(verdict.ok, false)
  })
})
