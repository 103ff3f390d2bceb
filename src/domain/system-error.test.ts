import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { connectionReason, systemReason } from './system-error.ts'

describe('systemReason', () => {
  for (const code of ['EACCES', 'ENOSPC', 'EROFS', 'EMFILE', 'ENFILE', 'EDQUOT', 'EIO', 'EPERM']) {
    it(`${code}: what it means, what to do, and the code`, () => {
      const error = Object.assign(new Error('open'), { code })
      assert.match(systemReason(error) ?? '', new RegExp(`^[a-z].{15,} \\(${code}\\)$`))
    })
  }

  it('keeps a code that it does not know, and has nothing to say of other errors', () => {
    assert.equal(
      systemReason(Object.assign(new Error('x'), { code: 'EWEIRD' })),
      'the system reports an error (EWEIRD)',
    )
    for (const other of [
      new Error('x'),
      Object.assign(new Error('x'), { code: 'ERR_INVALID_ARG' }),
    ]) {
      assert.equal(systemReason(other), undefined)
    }
  })

  it('a real one', () => {
    assert.throws(
      () => readFileSync('/no/such/file'),
      (error) => systemReason(error) === 'there is no such file or folder (ENOENT)',
    )
  })
})

describe('connectionReason', () => {
  const failed = (url: string) =>
    fetch(url).then(
      () => assert.fail('it was answered'),
      (error: unknown) => connectionReason(error),
    )

  it('https where http is spoken, and a port where nothing listens', async () => {
    const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    assert.match(
      (await failed(`https://127.0.0.1:${String(port)}`)) ?? '',
      /^it does not speak TLS: is it an http URL\? \([A-Z_]+\)$/,
    )
    await new Promise((resolve) => server.close(resolve))
    assert.equal(
      await failed(`http://localhost:${String(port)}`),
      'nothing listens there: start it, or correct the address (ECONNREFUSED)',
    )
  })

  for (const [code, words] of [
    ['DEPTH_ZERO_SELF_SIGNED_CERT', /not trusted: .*NODE_EXTRA_CA_CERTS/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /not trusted/],
    ['CERT_HAS_EXPIRED', /not valid now/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /for another name/],
    ['ERR_SSL_SOMETHING_ELSE', /^TLS fails/],
  ] as const) {
    it(code, () => {
      const cause = Object.assign(new Error('x'), { code })
      const reason = connectionReason(new TypeError('fetch failed', { cause })) ?? ''
      assert.match(reason, words)
      assert.ok(reason.endsWith(`(${code})`))
    })
  }

  it('has nothing to say where no code does', () => {
    assert.equal(
      connectionReason(new TypeError('fetch failed', { cause: new Error('x') })),
      undefined,
    )
    assert.equal(connectionReason('x'), undefined)
  })
})
