/**
 * The core: the verbs of every surface and the CLI, one a file; `verbs.ts` lists them. Nothing
 * knows HTTP or SQL here.
 */
import type { DeliveryStore } from '../ports/delivery.ts'
import type { CoreDependencies } from './dependencies.ts'
import { clientVerbs, subjectVerbs, type Clients, type Subjects } from './directory.ts'
import { handleVerbs, type Handles } from './handles.ts'
import { lockoutVerbs, type Lockout } from './lockout.ts'
import { keyVerbs, type Keys } from './keys.ts'
import { hashPassword } from './password.ts'
import { proofVerbs, type Proofs } from './proofs.ts'
import { recordVerbs, type Records } from './records.ts'
import { revocationVerbs, type Revocations } from './revocations.ts'
import { sessionVerbs, type Sessions } from './sessions.ts'
import { deviceVerbs, type DeviceVerbs } from './device-code.ts'
import { invitationVerbs, type Invitations } from './invitations.ts'
import { operatorSessionVerbs, type OperatorSessions } from './operator-sessions.ts'
import { operatorSignOn, type OperatorSignOn } from './operator-sign-on.ts'
import { operatorVerbs, type Operators } from './operators.ts'
import { passkeyVerbs, type Passkeys } from './passkeys.ts'
import * as verbs from './verbs.ts'

/** A verb without its first parameter. */
type Bound<V> = V extends (dependencies: CoreDependencies, ...args: infer A) => infer R
  ? (...args: A) => R
  : never

type Verbs = { readonly [Name in keyof typeof verbs]: Bound<(typeof verbs)[Name]> }

export interface Core extends Verbs {
  readonly subjects: Subjects
  readonly clients: Clients
  readonly sessions: Sessions
  readonly revocations: Revocations
  readonly keys: Keys
  readonly records: Records
  readonly proofs: Proofs
  readonly handles: Handles
  readonly devices: DeviceVerbs
  readonly lockout: Lockout
  readonly operators: Operators
  readonly operatorSessions: OperatorSessions
  readonly invitations: Invitations
  readonly operatorSignOn: OperatorSignOn
  readonly passkeys: Passkeys
  readonly hashSecret: (secret: string) => Promise<string>
  /** Judges a token without refusing: see `TokenVerifier.verify`. */
  readonly verify: CoreDependencies['verifier']['verify']
  readonly listDeliveries: DeliveryStore['listDeliveries']
}

export function createCore(dependencies: CoreDependencies): Core {
  return Object.freeze<Core>({
    ...bindAll(dependencies),
    subjects: subjectVerbs(dependencies),
    clients: clientVerbs(dependencies),
    sessions: sessionVerbs(dependencies),
    revocations: revocationVerbs(dependencies),
    keys: keyVerbs(dependencies),
    records: recordVerbs(dependencies),
    proofs: proofVerbs(dependencies),
    handles: handleVerbs(dependencies),
    devices: deviceVerbs(dependencies),
    lockout: lockoutVerbs(dependencies),
    operators: operatorVerbs(dependencies),
    operatorSessions: operatorSessionVerbs(dependencies),
    invitations: invitationVerbs(dependencies),
    operatorSignOn: operatorSignOn(dependencies),
    passkeys: passkeyVerbs(dependencies),
    hashSecret: (secret) => hashPassword(secret, dependencies.passwordCost),
    verify: (token, audience) => dependencies.verifier.verify(token, audience),
    listDeliveries: (filter, page) => dependencies.store.listDeliveries(filter, page),
  })
}

function bindAll(dependencies: CoreDependencies): Verbs {
  const bound = Object.entries<(...args: never[]) => unknown>(verbs).map(
    ([name, verb]) => [name, verb.bind(undefined, dependencies as never)] as const,
  )
  return Object.fromEntries(bound) as unknown as Verbs
}
