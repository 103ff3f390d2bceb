/**
 * Locks an account after too many wrong passwords. Failures are counted for any address that
 * somebody tries, whether an account has it or not, so a lock says nothing about who has an
 * account. They are counted in the store: a restart, or another node, does not start the count
 * anew.
 */
import { digest, type BaanxService } from './service.ts'

const FAILURES = 'baanx-failures'
const LOCK = 'baanx-lock'

/** Seconds until the lock of this account ends; undefined where it is not locked. */
export async function lockedForSeconds(
  service: BaanxService,
  email: string,
): Promise<number | undefined> {
  const { store, clock } = service.core.dependencies
  const lock = await store.findTicket(LOCK, keyOf(email))
  if (lock === undefined) return undefined
  const leftMs = lock.expiresAtMs - clock.nowMs()
  return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined
}

/** Counts one failure, and locks the account where it is one too many. */
export async function countFailure(service: BaanxService, email: string): Promise<void> {
  const { store, clock } = service.core.dependencies
  const { lockMs, lockAfterFailures } = service.settings
  const key = keyOf(email)
  const nowMs = clock.nowMs()
  const expiresAtMs = nowMs + lockMs
  await store.addTicket({ kind: FAILURES, key, value: '', expiresAtMs }, nowMs)
  const failures = await store.countAttempt(FAILURES, key)
  if (failures < lockAfterFailures) return
  await store.putTicket({ kind: LOCK, key, value: '', expiresAtMs })
  await store.takeTicket(FAILURES, key)
}

/** Forgets the failures, after a login that succeeded. */
export async function forgiveFailures(service: BaanxService, email: string): Promise<void> {
  const { store } = service.core.dependencies
  const key = keyOf(email)
  // Looked for first: most logins have nothing to forgive, and a look costs no commit.
  if ((await store.findTicket(FAILURES, key)) !== undefined) await store.takeTicket(FAILURES, key)
}

function keyOf(email: string): string {
  return digest(email.trim().toLowerCase())
}
