/** The verbs about operators, as the core has them. */
import type { CoreDependencies } from './dependencies.ts'
import { invitationVerbs, type Invitations } from './invitations.ts'
import { operatorSessionVerbs, type OperatorSessions } from './operator-sessions.ts'
import { operatorSignOn, type OperatorSignOn } from './operator-sign-on.ts'
import { operatorVerbs, type Operators } from './operators.ts'

export interface OperatorCore {
  readonly operators: Operators
  readonly operatorSessions: OperatorSessions
  readonly invitations: Invitations
  readonly operatorSignOn: OperatorSignOn
}

export function operatorCore(dependencies: CoreDependencies): OperatorCore {
  return {
    operators: operatorVerbs(dependencies),
    operatorSessions: operatorSessionVerbs(dependencies),
    invitations: invitationVerbs(dependencies),
    operatorSignOn: operatorSignOn(dependencies),
  }
}
