/** Passkeys, as surfaces keep and use them. Their signatures are checked in `http/passkeys.ts`. */
import { refuse } from '../domain/failure.ts'
import { MAX_PASSKEYS, type Passkey } from '../domain/passkey.ts'
import type { PasskeyStore } from '../ports/operator.ts'
import type { CoreDependencies } from './dependencies.ts'
import { endMatching } from './end-matching.ts'
import { PASSKEY_ATTRIBUTE } from './open-session.ts'

export interface Passkeys {
  /** @throws {Refusal} `conflict` where it is known, or its holder has too many. */
  add(passkey: Omit<Passkey, 'createdAtMs' | 'lastUsedAtMs'>): Promise<void>
  readonly find: PasskeyStore['findPasskey']
  readonly list: PasskeyStore['listPasskeys']
  /**
   * Notes that a passkey was used.
   *
   * @throws {Refusal} `credentials_invalid` where its counter has not grown: the key was copied.
   */
  use(id: string, counter: number): Promise<void>
  /**
   * Removes a passkey, ends what was opened with it, and waits until that is confirmed.
   *
   * @param actor As `RevokeRequest.actor`.
   * @returns False where that holder has no such passkey.
   */
  remove(holder: string, id: string, actor: string): Promise<boolean>
}

export function passkeyVerbs(dependencies: CoreDependencies): Passkeys {
  const { store, clock, log } = dependencies
  return {
    async add(passkey) {
      const { holder, id } = passkey
      const createdAtMs = clock.nowMs()
      await store.addPasskey({ ...passkey, createdAtMs, lastUsedAtMs: undefined })
      // Counted behind it: of several that are added at once the last sees all of them.
      if ((await store.listPasskeys(holder)).length <= MAX_PASSKEYS) return
      await removePasskey(dependencies, holder, id, 'system')
      refuse({ kind: 'conflict', reason: `there are ${String(MAX_PASSKEYS)} passkeys already` })
    },
    find: (id) => store.findPasskey(id),
    list: (holder) => store.listPasskeys(holder),
    async use(id, counter) {
      if (await store.usePasskey({ id, counter, usedAtMs: clock.nowMs() })) return
      log.warn({ passkey: id }, 'The counter of a passkey has not grown: it may have been copied')
      refuse({ kind: 'credentials_invalid' })
    },
    remove: (holder, id, actor) => removePasskey(dependencies, holder, id, actor),
  }
}

/**
 * See `Passkeys.remove`. The passkey goes first: a login that is under way looks once more behind
 * its session, so each session is either listed here or refused there. Sessions are ended also
 * where the passkey is gone, because the call before may have failed half-way.
 */
export async function removePasskey(
  dependencies: CoreDependencies,
  holder: string,
  id: string,
  actor: string,
): Promise<boolean> {
  const isRemoved = await dependencies.store.removePasskey(holder, id)
  await endMatching(
    dependencies,
    { subjectId: holder },
    ({ attributes }) => attributes[PASSKEY_ATTRIBUTE] === id,
    { reason: 'device_lost', actor },
  )
  return isRemoved
}

/**
 * Removes every passkey of a holder whose password has changed, and whose sessions have ended
 * since: a thief who knew the old password may have added one. One that is used in between opens a
 * session, which ends with it, but may have added another one until then: so the list is read again
 * until it is empty.
 *
 * @throws {Refusal} `conflict` where they are added faster than they go.
 */
export async function removePasskeys(
  dependencies: CoreDependencies,
  holder: string,
  actor: string,
): Promise<void> {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const held = await dependencies.store.listPasskeys(holder)
    if (held.length === 0) return
    for (const { id } of held) await removePasskey(dependencies, holder, id, actor)
  }
  refuse({ kind: 'conflict', reason: 'passkeys are added while they are removed' })
}

const MAX_ROUNDS = 10
