/** The signing keys, as surfaces see them: never a private part. */
import type { SigningKey } from '../ports/store.ts'
import type { CoreDependencies } from './dependencies.ts'
import type { PublicKeys } from './key-ring.ts'

export type { PublicKeys } from './key-ring.ts'

export interface KnownKey extends Omit<SigningKey, 'privateJwk'> {
  /** Whether it was removed: it neither signs nor verifies any more. */
  readonly isRemoved: boolean
}

export interface Keys {
  /** The JWKS: see `KeyRing.publicKeys`. */
  published(): Promise<PublicKeys>
  /** Newest first. */
  list(): Promise<readonly KnownKey[]>
  /** Makes a new key sign: see `KeyRing.rotate`. */
  rotate(): Promise<{ readonly kid: string }>
}

export function keyVerbs({ store, keys }: Pick<CoreDependencies, 'store' | 'keys'>): Keys {
  return {
    published: () => keys.publicKeys(),
    async list() {
      return (await store.listKeys()).map(
        ({ kid, algorithm, createdAtMs, retiredAtMs, removeAfterMs }) => {
          const isRemoved = keys.isRemoved(kid)
          return { kid, algorithm, createdAtMs, retiredAtMs, removeAfterMs, isRemoved }
        },
      )
    },
    rotate: () => keys.rotate(),
  }
}
