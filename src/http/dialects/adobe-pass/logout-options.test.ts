import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { suite, test } from 'node:test'
import { adobePassOptions } from './options.ts'

const provider = { id: 'A', displayName: 'A', secret: 'x'.repeat(32) }
const url = 'https://a.example/'

function read(logout: object) {
  return () => adobePassOptions(false, { mvpds: [{ ...provider, logout }] } as never)
}

function pem(modulusLength: number): string {
  const encoding = { type: 'pkcs8', format: 'pem' } as const
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength })
  return privateKey.export(encoding) as string
}

suite('how a provider is told', () => {
  const saml = { kind: 'saml', url, entityId: 'us' }
  const revocation = {
    kind: 'revocation',
    url,
    clientId: 'us',
    clientSecret: 's',
    tokenClaim: 'token',
  }

  test('each kind takes its own settings', () => {
    for (const logout of [
      { kind: 'message', url },
      { ...revocation, tokenTypeHint: 'refresh_token' },
      { kind: 'rp-initiated', url, clientId: 'us' },
      { ...saml, privateKey: pem(2048), sessionIndexClaim: 'session_index' },
    ]) {
      assert.deepEqual(read(logout)().mvpds?.[0]?.logout, logout)
    }
  })

  test('what is unknown, missing or out of range is refused by name', () => {
    for (const [logout, said] of [
      [{ kind: 'mail' }, /mvpds\[0\]\.logout\.kind is "mail"; allowed: message, revocation/],
      [{ kind: 'message', url, entityId: 'us' }, /logout\.entityId is not a setting/],
      [{ ...revocation, tokenClaim: undefined }, /logout\.tokenClaim is missing/],
      [{ ...revocation, tokenClaim: '1' }, /logout\.tokenClaim is "1"/],
      [{ ...revocation, url: 'ftp://a' }, /logout\.url is "ftp:\/\/a"/],
      [{ ...saml, privateKey: pem(1024) }, /logout\.privateKey has a value that cannot be used/],
    ] as const) {
      assert.throws(read(JSON.parse(JSON.stringify(logout)) as object), said)
    }
  })

  test('no credential is in a message', () => {
    const hidden = { ...saml, privateKey: 'a key that is none' }
    assert.throws(read(hidden), (error: Error) => !error.message.includes('a key that is none'))
  })
})
