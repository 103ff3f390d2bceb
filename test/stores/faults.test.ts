/**
 * A disk that fails: nothing is answered that was not stored, and it works again when the disk
 * does.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Refusal } from '../../src/domain/failure.ts'
import type { Store } from '../../src/ports/store.ts'
import { assertChain } from '../../src/stores/contract/log.ts'
import {
  openWithToken,
  refuses,
  revocation,
  rotation,
  times,
} from '../../src/stores/contract/samples.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outright-faults-'))
})
after(async () => {
  await rm(folder, { recursive: true, force: true })
})

/**
 * Puts a store through a fault of its disk: before, during and after.
 *
 * @param begin Breaks the disk so that no commit can succeed, end mends it.
 */
async function survives(store: Store, begin: () => void, end: () => void): Promise<void> {
  const heard: number[] = []
  store.onCommitted((entries) => {
    heard.push(...entries.map(({ sequence }) => sequence))
  })
  const { sid, token } = await openWithToken(store)
  await Promise.all(times(100, () => store.revoke(revocation())))
  begin()
  try {
    const attempts = times(20, () => store.revoke(revocation({ note: 'x'.repeat(500) })))
    for (const outcome of await Promise.allSettled(attempts)) {
      assert.ok(outcome.status === 'rejected', 'answered with success while nothing can be stored')
      assert.ok(outcome.reason instanceof Refusal)
      assert.equal(outcome.reason.failure.kind, 'store_unavailable')
    }
    await refuses(store.ready(), 'store_unavailable')
    await refuses(store.rotate(rotation(token)), 'store_unavailable')
    // What was stored can still be read, so that verifiers go on.
    assert.equal((await store.findSession(sid))?.sid, sid)
    assert.equal((await store.readStream(store.stream, 0, 1000)).length, 100)
  } finally {
    end()
  }
  await store.ready()
  assert.equal((await store.rotate(rotation(token))).kind, 'rotated', 'the token was not used up')
  await Promise.all(times(100, () => store.revoke(revocation())))
  await assertChain(store, 200)
  assert.deepEqual(
    heard,
    times(200, (index) => index + 1),
  )
}

/**
 * What the start has written is free again once it is in the database, and takes an entry or two.
 * Every other one is refused.
 *
 * @returns How many were answered.
 */
async function refusesSoon(store: Store): Promise<number> {
  for (let answered = 0; answered <= 4; answered++) {
    try {
      await store.revoke(revocation())
    } catch (error) {
      assert.ok(error instanceof Refusal)
      assert.equal(error.failure.kind, 'store_unavailable')
      return answered
    }
  }
  return assert.fail('a full disk goes on taking entries')
}

describe('SQLite on a disk that fails', () => {
  it('a full disk: refuses, goes on reading, and works again when there is room', async () => {
    const disk = smallDisk()
    try {
      const store = await openSqliteStore({ path: join(disk.path, 'outright.db'), ...options })
      try {
        await survives(store, disk.fill, disk.empty)
      } finally {
        await store.close()
      }
    } finally {
      disk.remove()
    }
  })

  it('a start on a full disk: reads, refuses, and works again when there is room', async (context) => {
    const disk = smallDisk()
    try {
      if (!disk.isMounted) return context.skip('no disk can be mounted here')
      const path = join(disk.path, 'outright.db')
      disk.fill()
      await assert.rejects(openSqliteStore({ path, ...options }), /the disk is full: make room/)
      disk.empty()
      const before = await openSqliteStore({ path, ...options })
      const { sid, token } = await openWithToken(before)
      await before.revoke(revocation())
      await before.close()
      disk.fill()
      let entries = 1
      // Twice: what the first start needed is given back when it ends.
      for (const turn of [1, 2]) {
        const store = await openSqliteStore({ path, ...options })
        // Another file takes what the start left.
        disk.fill()
        entries += await refusesSoon(store)
        await refuses(store.ready(), 'store_unavailable')
        assert.equal((await store.findSession(sid))?.sid, sid)
        if (turn === 2) {
          disk.empty()
          await store.ready()
          assert.equal((await store.rotate(rotation(token))).kind, 'rotated')
        }
        // What was answered is there, and nothing that was refused.
        await assertChain(store, entries)
        await store.close()
      }
    } finally {
      disk.remove()
    }
  })

  it('a disk that takes no write: refuses, goes on reading, and works again', async () => {
    const path = join(folder, 'refusing.db')
    const store = await openSqliteStore({ path, ...options })
    try {
      await survives(
        store,
        () => {
          limitFileSize('0')
        },
        () => {
          limitFileSize('unlimited')
        },
      )
    } finally {
      await store.close()
    }
    const again = await openSqliteStore({ path, ...options })
    await assertChain(again, 200)
    await again.close()
  })

  it('a file that may only be read is refused when it is opened, and named', async () => {
    const own = join(folder, 'readable')
    mkdirSync(own)
    const path = join(own, 'outright.db')
    await (await openSqliteStore({ path, ...options })).close()
    await asOrdinaryUser(own, async () => {
      chmodSync(path, 0o400)
      chmodSync(`${path}.lock`, 0o400)
      await assert.rejects(openSqliteStore({ path, ...options }), { message: named(path) })
      chmodSync(path, 0o600)
      chmodSync(`${path}.lock`, 0o600)
    })
    const store = await openSqliteStore({ path, ...options })
    await store.ready()
    await store.close()
  })

  it('a damaged file is refused when it is opened, and named', async () => {
    const path = join(folder, 'damaged.db')
    writeFileSync(path, 'this is not a database, whatever its name says '.repeat(1000))
    await assert.rejects(openSqliteStore({ path, ...options }), { message: named(path) })
    const torn = join(folder, 'torn.db')
    const store = await openSqliteStore({ path: torn, ...options })
    await Promise.all(times(200, () => store.revoke(revocation())))
    await store.close()
    truncateSync(torn, 20_000)
    await assert.rejects(openSqliteStore({ path: torn, ...options }), { message: named(torn) })
  })
})

const options = { stream: 'node-1', durability: 'full' } as const

function named(path: string): RegExp {
  return new RegExp(`^Cannot open ${path.replaceAll(/[.\\/]/g, String.raw`\$&`)}: `)
}

/** Linux can change the limit of a process that runs; writes beyond it fail with EFBIG. */
function limitFileSize(bytes: string): void {
  const { status } = spawnSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`])
  assert.equal(status, 0, 'prlimit, of util-linux, is needed')
}

interface SmallDisk {
  /** False where a limit on the size of files stands for it. */
  readonly isMounted: boolean
  readonly path: string
  readonly fill: () => void
  readonly empty: () => void
  readonly remove: () => void
}

/**
 * A file system of a few megabytes where this user may mount one. Elsewhere the limit on the size
 * of a file stands for it: the same write fails, with another error.
 */
function smallDisk(): SmallDisk {
  const path = mkdtempSync(join(folder, 'small-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', path]).status === 0
  const ballast = join(path, 'ballast')
  return mounted
    ? {
        isMounted: true,
        path,
        fill: () => {
          assert.throws(() => {
            writeFileSync(ballast, Buffer.alloc(8 << 20))
          }, /ENOSPC/)
        },
        empty: () => {
          rmSync(ballast)
        },
        remove: () => {
          spawnSync('umount', [path])
        },
      }
    : {
        isMounted: false,
        path,
        fill: () => {
          limitFileSize('1')
        },
        empty: () => {
          limitFileSize('unlimited')
        },
        remove: () => undefined,
      }
}

/** Permissions do not bind root, so root becomes another user for a while. */
async function asOrdinaryUser(own: string, act: () => Promise<void>): Promise<void> {
  const root = process.geteuid?.() === 0
  const nobody = 65_534
  if (root) {
    for (const name of ['', 'outright.db', 'outright.db.lock'])
      chownSync(join(own, name), nobody, -1)
    chmodSync(folder, 0o755)
    process.seteuid?.(nobody)
  }
  try {
    await act()
  } finally {
    if (root) process.seteuid?.(0)
  }
}
