/**
 * The core: the verbs that every dialect, the admin API and the CLI end in. One verb a file; this
 * file names them and puts them together. Nothing here knows HTTP, SQL or a dialect.
 */
import type { Clock } from '../ports/clock.ts'
import type { Confirmation } from '../ports/confirmation.ts'
import type { Log } from '../ports/log.ts'
import type { OtpSender } from '../ports/otp-sender.ts'
import type { Random } from '../ports/random.ts'
import type { Store } from '../ports/store.ts'
import type { TokenVerifier } from '../verifier/token-verifier.ts'
import { authenticateClient } from './authenticate-client.ts'
import { authenticateSubject } from './authenticate-subject.ts'
import { checkOtp, sendOtp } from './one-time-password.ts'
import { inspect } from './inspect.ts'
import { mint } from './mint.ts'
import { openSession } from './open-session.ts'
import { refresh } from './refresh.ts'
import { revoke } from './revoke.ts'
import type { KeyRing } from './key-ring.ts'

/** What the verbs need of the world, wired once in `server/compose.ts`. */
export interface CoreDependencies {
  readonly store: Store
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly keys: KeyRing
  readonly verifier: TokenVerifier
  readonly confirmation: Confirmation
  readonly otpSender: OtpSender
  /** `iss` of every token: the public URL, without a slash at the end. */
  readonly issuer: string
  /** Names added to the `aud` of every access token: the resource servers behind the guards. */
  readonly audiences: readonly string[]
  /** The longest life that any access token of this installation has, ever. */
  readonly longestAccessLifetimeMs: number
  readonly passwordCost: PasswordCost
}

/** argon2id parameters. Production: 19 MiB, 2 passes, 1 lane (OWASP's first recommendation). */
export interface PasswordCost {
  readonly memoryKiB: number
  readonly passes: number
}

type Verb<V> = V extends (dependencies: CoreDependencies, ...args: infer A) => infer R
  ? (...args: A) => R
  : never

export interface Core {
  readonly dependencies: CoreDependencies
  readonly authenticateSubject: Verb<typeof authenticateSubject>
  readonly authenticateClient: Verb<typeof authenticateClient>
  readonly openSession: Verb<typeof openSession>
  readonly mint: Verb<typeof mint>
  readonly inspect: Verb<typeof inspect>
  readonly refresh: Verb<typeof refresh>
  readonly revoke: Verb<typeof revoke>
  readonly sendOtp: Verb<typeof sendOtp>
  readonly checkOtp: Verb<typeof checkOtp>
}

export function createCore(dependencies: CoreDependencies): Core {
  return Object.freeze<Core>({
    dependencies,
    authenticateSubject: (...args) => authenticateSubject(dependencies, ...args),
    authenticateClient: (...args) => authenticateClient(dependencies, ...args),
    openSession: (...args) => openSession(dependencies, ...args),
    mint: (...args) => mint(dependencies, ...args),
    inspect: (...args) => inspect(dependencies, ...args),
    refresh: (...args) => refresh(dependencies, ...args),
    revoke: (...args) => revoke(dependencies, ...args),
    sendOtp: (...args) => sendOtp(dependencies, ...args),
    checkOtp: (...args) => checkOtp(dependencies, ...args),
  })
}
