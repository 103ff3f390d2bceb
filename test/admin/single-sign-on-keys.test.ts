/** The keys of the identity provider of operators, as its logout tokens are verified with them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { createRelyingParty } from '../../src/issuers/relying-party.ts'
import { KEYS_MAX_AGE_MS, UNKNOWN_KEY_MS } from '../../src/issuers/remote-keys.ts'
import { useIdentityProvider } from './single-sign-on-server.ts'

const provider = await useIdentityProvider()

test('a logout token by a key that the provider has removed is refused after five minutes', async () => {
  let monotonicMs = 0
  const noExchange = () => Promise.reject(new Error('this is not a sign-in'))
  const party = createRelyingParty({
    issuer: provider.url,
    clientId: 'outright',
    clientSecret: 'unused',
    scopes: [],
    groupsClaim: undefined,
    redirectUri: 'https://outright.example/callback',
    withinMs: 60_000,
    toOwnOrigin: noExchange,
    elsewhere: noExchange,
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => monotonicMs,
      after: () => () => undefined,
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  })
  const token = await provider.logoutToken({ sub: 'Ana-1' })
  const { iat: issuedAtSeconds } = decodeJwt(token)
  assert.deepEqual(await party.verifyLogout(token), {
    sub: 'Ana-1',
    sid: undefined,
    issuedAtSeconds,
  })
  await provider.rotate(false)
  monotonicMs += KEYS_MAX_AGE_MS
  await assert.rejects(party.verifyLogout(token), { failure: { kind: 'stale' } })
  monotonicMs += UNKNOWN_KEY_MS
  assert.equal(await party.verifyLogout(token), 'its signature is not good')
})
