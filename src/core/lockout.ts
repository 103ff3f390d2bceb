/**
 * Locks an account after too many wrong passwords, for the address that sent them. Guesses from all
 * addresses together lock it as well, later, and not for addresses from which it was logged in to
 * before: a stranger cannot lock a person out. Failures are counted for every name that is tried,
 * whether an account has it or not, so a lock does not reveal which accounts exist. They are
 * counted in the store: a restart, or another node, does not start the count anew.
 */
import type { CoreDependencies } from './dependencies.ts'
import { digest } from './handles.ts'
import { isKnownAddress, type AccountAddress } from './known-address.ts'

/** How many times the failures of one address all addresses together have. */
const STRANGERS_FACTOR = 10

export interface LockoutRule {
  /** Failures of one address after which the account is locked for it. */
  readonly afterFailures: number
  readonly lockMs: number
}

export interface Lockout {
  /** Seconds until the lock ends that concerns this address; undefined where there is none. */
  leftSeconds(place: AccountAddress): Promise<number | undefined>
  /** Counts one failure, and locks where it is one too many. */
  countFailure(place: AccountAddress, rule: LockoutRule): Promise<void>
  /** Forgets the failures of this address, after a login that succeeded. */
  forgive(place: AccountAddress): Promise<void>
}

export function lockoutVerbs(dependencies: CoreDependencies): Lockout {
  const { store, clock } = dependencies

  const leftSeconds = async (kind: string, key: string): Promise<number | undefined> => {
    const lock = await store.findTicket(kind, key)
    const leftMs = (lock?.expiresAtMs ?? 0) - clock.nowMs()
    return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined
  }

  const count = async (
    { failures, lock }: Kinds,
    key: string,
    { afterFailures, lockMs }: LockoutRule,
  ): Promise<void> => {
    const nowMs = clock.nowMs()
    const expiresAtMs = nowMs + lockMs
    await store.addTicket({ kind: failures, key, value: '', expiresAtMs }, nowMs)
    if ((await store.countAttempt(failures, key)) < afterFailures) return
    await store.putTicket({ kind: lock, key, value: '', expiresAtMs })
    await store.takeTicket(failures, key)
  }

  return {
    async leftSeconds(place) {
      const { lock } = kindsOf(place)
      const ofPair = await leftSeconds(lock, pairKey(place))
      if (ofPair !== undefined) return ofPair
      const ofAll = await leftSeconds(lock, accountKey(place))
      return ofAll === undefined || (await isKnownAddress(dependencies, place)) ? undefined : ofAll
    },

    async countFailure(place, rule) {
      const kinds = kindsOf(place)
      await count(kinds, pairKey(place), rule)
      if (await isKnownAddress(dependencies, place)) return
      const { afterFailures } = rule
      await count(kinds, accountKey(place), {
        ...rule,
        afterFailures: afterFailures * STRANGERS_FACTOR,
      })
    },

    async forgive(place) {
      const { failures } = kindsOf(place)
      const key = pairKey(place)
      // Looked for first: most logins have nothing to forgive, and a look costs no commit.
      if ((await store.findTicket(failures, key)) !== undefined) {
        await store.takeTicket(failures, key)
      }
    },
  }
}

interface Kinds {
  readonly failures: string
  readonly lock: string
}

function kindsOf({ dialect }: AccountAddress): Kinds {
  return { failures: `${dialect}-failures`, lock: `${dialect}-lock` }
}

function accountKey({ account }: AccountAddress): string {
  return digest(account)
}

function pairKey({ account, address }: AccountAddress): string {
  return digest(JSON.stringify([account, address]))
}
