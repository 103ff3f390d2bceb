import type { Clock, ReliableTime } from '../ports/clock.ts'
import type { Confirmation } from '../ports/confirmation.ts'
import type { Receiver } from '../ports/delivery.ts'
import type { Log } from '../ports/log.ts'
import type { OtpSender } from '../ports/otp-sender.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import type { AccessClaims } from '../verifier/claims.ts'
import type { Issuer } from '../domain/issuer.ts'
import type { ForeignNames } from '../verifier/token-facts.ts'
import type { ProofGate } from '../verifier/proof-gate.ts'
import type { TokenVerifier } from '../verifier/token-verifier.ts'
import type { KeyRing } from './key-ring.ts'

/** What the verbs need of the world, wired once in `server/compose.ts`. */
export interface CoreDependencies {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly keys: KeyRing
  /** Of the tokens of this server. */
  readonly verifier: TokenVerifier<AccessClaims>
  /** Of those and the tokens of every other issuer that is accepted here. */
  readonly anyVerifier: TokenVerifier
  /** Of the proofs that come with tokens which are bound to a key. */
  readonly proofs: ProofGate
  /** The other issuers that are accepted here. */
  readonly issuers: readonly Issuer[]
  /** Every external system that is notified of logouts. */
  readonly receivers: readonly Receiver[]
  /** Whether nothing has ended of what a token of another issuer would name. */
  readonly isForeignAlive: (names: ForeignNames) => boolean
  readonly confirmation: Confirmation
  readonly otpSender: OtpSender
  readonly time: ReliableTime
  /** Why this node's clock is not fit to sign by, in words; undefined where it is. */
  readonly clockRefusal: () => string | undefined
  /** `iss` of every token: the public URL, without a slash at the end. */
  readonly issuer: string
  /** Names added to the `aud` of every access token: the resource servers behind the guards. */
  readonly audiences: readonly string[]
  readonly passwordCost: PasswordCost
}

/** argon2id parameters. Production: 19 MiB, 2 passes, 1 lane (OWASP's first recommendation). */
export interface PasswordCost {
  readonly memoryKiB: number
  readonly passes: number
}
