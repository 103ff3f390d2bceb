/** Passkeys, as surfaces keep and use them. Their signatures are checked in `http/passkeys.ts`. */
import { refuse } from '../domain/failure.ts'
import { MAX_PASSKEYS, type Passkey } from '../domain/passkey.ts'
import type { PasskeyStore } from '../ports/operator.ts'
import type { CoreDependencies } from './dependencies.ts'

export interface Passkeys {
  /** @throws {Refusal} `conflict` where it is known, or its holder has too many. */
  add(passkey: Omit<Passkey, 'createdAtMs' | 'lastUsedAtMs'>): Promise<void>
  readonly find: PasskeyStore['findPasskey']
  readonly list: PasskeyStore['listPasskeys']
  /**
   * Notes that a passkey was used.
   *
   * @throws {Refusal} `credentials_invalid` where its counter has not grown: somebody has a copy.
   */
  use(id: string, counter: number): Promise<void>
  readonly remove: PasskeyStore['removePasskey']
}

export function passkeyVerbs({
  store,
  clock,
  log,
}: Pick<CoreDependencies, 'store' | 'clock' | 'log'>): Passkeys {
  return {
    async add(passkey) {
      if ((await store.listPasskeys(passkey.holder)).length >= MAX_PASSKEYS) {
        refuse({ kind: 'conflict', reason: `there are ${String(MAX_PASSKEYS)} passkeys already` })
      }
      const createdAtMs = clock.nowMs()
      await store.addPasskey({ ...passkey, createdAtMs, lastUsedAtMs: undefined })
    },
    find: (id) => store.findPasskey(id),
    list: (holder) => store.listPasskeys(holder),
    async use(id, counter) {
      if (await store.usePasskey({ id, counter, usedAtMs: clock.nowMs() })) return
      log.warn({ passkey: id }, 'The counter of a passkey has not grown: it may have been copied')
      refuse({ kind: 'credentials_invalid' })
    },
    remove: (holder, id) => store.removePasskey(holder, id),
  }
}
