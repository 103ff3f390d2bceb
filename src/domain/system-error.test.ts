import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { systemReason } from './system-error.ts'

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
