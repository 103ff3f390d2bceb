import assert from 'node:assert/strict'
import test from 'node:test'
import { keyAndIssuer } from './key-and-issuer.ts'

test('a key of another issuer is told from one of this server', () => {
  assert.equal(keyAndIssuer({ key: 'maria', issuer: '' }), 'maria')
  assert.equal(
    keyAndIssuer({ key: 'maria', issuer: 'https://sso.example' }),
    'maria of https://sso.example',
  )
})
