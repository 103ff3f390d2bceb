/** The checks of the contract, tried on stores that are broken on purpose. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Refusal } from '../../src/domain/failure.ts'
import type { Store } from '../../src/ports/store.ts'
import {
  storeChecks,
  storeContract,
  type Check,
  type StoreUnderTest,
} from '../../src/stores/contract.ts'
import { brokenStores, type BrokenStore } from '../../src/testing/broken-stores.ts'
import { threadlessSqlite } from './threadless-sqlite.ts'

// What is broken below holds as it is, so that what is caught is what was broken.
storeContract('SQLite without threads', threadlessSqlite)

describe('the contract of a store catches one that', () => {
  for (const broken of brokenStores) {
    it(broken.name, async () => {
      const checks = storeChecks.filter(({ name }) => name.startsWith(broken.caughtBy))
      assert.ok(checks.length > 0, `no check is called "${broken.caughtBy} …"`)
      const verdicts = await Promise.all(checks.map((check) => fails(check, broken)))
      assert.ok(verdicts.includes(true), `"${broken.caughtBy} …" did not notice`)
    })
  }
})

/** Whether the check fails, and because of what it looked at rather than of a fault of its own. */
async function fails(check: Check, broken: BrokenStore): Promise<boolean> {
  const inner = await threadlessSqlite()
  const withMistake = (store: Store): Store => ({ ...store, ...broken.overrides(store) })
  const subject: StoreUnderTest = {
    store: withMistake(inner.store),
    reopen: async () => withMistake(await inner.reopen()),
    close: () => inner.close(),
  }
  try {
    await check.run(subject)
    return false
  } catch (error) {
    if (error instanceof assert.AssertionError || error instanceof Refusal) return true
    throw error
  } finally {
    await subject.close()
  }
}
