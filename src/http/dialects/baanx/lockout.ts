/**
 * Locks an account after too many wrong passwords, for the address that sent them. Guesses from all
 * addresses together lock it as well, later, and not for addresses from which it was logged in to
 * before: a stranger cannot lock a person out. Failures are counted for any e-mail address that
 * somebody tries, whether an account has it or not, so a lock says nothing about who has an
 * account. They are counted in the store: a restart, or another node, does not start the count
 * anew.
 */
import { addressBlock } from '../../rate-limit.ts'
import { BAANX, digest, type BaanxService } from './service.ts'

const FAILURES = 'baanx-failures'
const LOCK = 'baanx-lock'
/** How many times the failures of one address all addresses together have. */
const STRANGERS_FACTOR = 10

/** An account and the address from which somebody tries to get in. */
export interface Place {
  readonly account: string
  readonly address: string
}

/** Seconds until the lock ends that concerns this address; undefined where there is none. */
export async function lockedForSeconds(
  service: BaanxService,
  place: Place,
): Promise<number | undefined> {
  const ofPair = await leftSeconds(service, pairKey(place))
  if (ofPair !== undefined) return ofPair
  const ofAll = await leftSeconds(service, accountKey(place))
  return ofAll === undefined || (await isKnown(service, place)) ? undefined : ofAll
}

/** Counts one failure, and locks where it is one too many. */
export async function countFailure(service: BaanxService, place: Place): Promise<void> {
  const { lockAfterFailures } = service.settings
  await count(service, pairKey(place), lockAfterFailures)
  if (await isKnown(service, place)) return
  await count(service, accountKey(place), lockAfterFailures * STRANGERS_FACTOR)
}

/** Forgets the failures of this address, after a login that succeeded. */
export async function forgiveFailures(service: BaanxService, place: Place): Promise<void> {
  const { store } = service.core.dependencies
  const key = pairKey(place)
  // Looked for first: most logins have nothing to forgive, and a look costs no commit.
  if ((await store.findTicket(FAILURES, key)) !== undefined) await store.takeTicket(FAILURES, key)
}

async function leftSeconds(service: BaanxService, key: string): Promise<number | undefined> {
  const { store, clock } = service.core.dependencies
  const lock = await store.findTicket(LOCK, key)
  if (lock === undefined) return undefined
  const leftMs = lock.expiresAtMs - clock.nowMs()
  return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined
}

async function count(service: BaanxService, key: string, lockAfter: number): Promise<void> {
  const { store, clock } = service.core.dependencies
  const nowMs = clock.nowMs()
  const expiresAtMs = nowMs + service.settings.lockMs
  await store.addTicket({ kind: FAILURES, key, value: '', expiresAtMs }, nowMs)
  const failures = await store.countAttempt(FAILURES, key)
  if (failures < lockAfter) return
  await store.putTicket({ kind: LOCK, key, value: '', expiresAtMs })
  await store.takeTicket(FAILURES, key)
}

function isKnown({ core }: BaanxService, { account, address }: Place): Promise<boolean> {
  return core.isKnownAddress({ dialect: BAANX, account, address: addressBlock(address) })
}

function accountKey({ account }: Place): string {
  return digest(account)
}

function pairKey({ account, address }: Place): string {
  return digest(JSON.stringify([account, addressBlock(address)]))
}
