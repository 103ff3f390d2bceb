/** `/me` and `/operators`: who signs in at the console, and what each of them may do. */
import {
  roles,
  wrongOperatorName,
  type Operator,
  type OperatorIdentity,
  type OperatorPatch,
  type Role,
} from '../../../domain/operator.ts'
import type {
  WireMe,
  WireOperator,
  WireOperatorChanged,
  WireOperatorInvited,
} from '../../../protocol/admin-api.ts'
import type { NewInvitation, NewOperator } from '../../../protocol/admin-requests.ts'
import { defined } from '../../../domain/defined.ts'
import { refuse } from '../../../domain/failure.ts'
import { setUpLink } from '../../operator-paths.ts'
import type { Route } from '../../surface.ts'
import {
  answer,
  anyText,
  choice,
  instant,
  optional,
  orNull,
  strict,
  type Schema,
} from '../../schema.ts'
import { ended, revoked } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { singleLine, preferring, secretText } from './inputs.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { time, wireEnded, wireRevoked } from './wire.ts'

const tag = 'Operators'

const roleWord: Schema<Role> = choice(roles, {})
const words = anyText()

const me: Schema<WireMe> = answer<WireMe>({
  name: words,
  role: roleWord,
  expiresAt: orNull(instant),
})

const operator: Schema<WireOperator> = answer<WireOperator>(
  {
    name: words,
    role: roleWord,
    subject: orNull(words),
    email: orNull(words),
    createdAt: instant,
  },
  { name: 'Operator' },
)

const operatorChanged: Schema<WireOperatorChanged> = answer<WireOperatorChanged>({
  operator,
  revoked: orNull(revoked),
})

const operatorInvited: Schema<WireOperatorInvited> = answer<WireOperatorInvited>({
  link: words,
  expiresAt: instant,
})

const operatorName = singleLine(64, undefined, wrongOperatorName)

export function operatorRoutes(context: AdminContext): readonly Route[] {
  return [
    meRoute(context),
    addRoute(context),
    inviteRoute(context),
    listRoute(context),
    changeRoute(context),
    removeRoute(context),
  ]
}

/** `GET /me`: who calls. */
function meRoute({ route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/me',
      id: 'me',
      tag,
      role: 'viewer',
      summary: 'Who calls, with which role, and until when they are signed in',
      responses: { 200: { description: 'The caller', schema: me } },
    },
    (call, { name, role, expiresAtMs }) =>
      call.json(200, {
        name,
        role,
        expiresAt: expiresAtMs === undefined ? null : time(expiresAtMs),
      }),
  )
}

function addRoute({ core, node, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/operators',
      id: 'addOperator',
      tag,
      role: 'admin',
      summary: 'Add an operator',
      description:
        'With a password, or with a `subject` or an `email` at the identity provider of the setting `operators.singleSignOn`.',
      body: strict<NewOperator>({
        name: operatorName,
        role: roleWord,
        password: optional(secretText),
        subject: optional(singleLine(255)),
        email: optional(singleLine(254, undefined, wrongEmail)),
      }),
      responses: { 201: { description: 'The operator', schema: operatorChanged } },
    },
    async (call) => {
      const { subject, email, ...operator } = call.body()
      const identity = identityOf({ subject, email }, node.singleSignOn?.issuer)
      const added = await core.operators.add({ ...operator, ...(identity && { identity }) })
      return call.json(201, { operator: wireOperator(added), revoked: null })
    },
  )
}

/** `POST /operators/invitations`: a link with which a person chooses a name and a password. */
function inviteRoute({ core, issuer, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/operators/invitations',
      id: 'inviteOperator',
      tag,
      role: 'admin',
      summary: 'Make a link with which one person becomes an operator',
      description:
        'Good once and for a day, and only while the operator who made it is an admin. Its secret stands behind the `#`, which browsers send to no server.',
      body: strict<NewInvitation>({ role: roleWord }),
      responses: {
        201: { description: 'The link; it is shown this once', schema: operatorInvited },
      },
    },
    async (call, { name, operatorId: id }) => {
      const { code, expiresAtMs } = await core.invitations.issue({
        role: call.body().role,
        isFirst: false,
        ...(id === undefined ? {} : { inviter: { id, name } }),
      })
      return call.json(201, { link: setUpLink(issuer, code), expiresAt: time(expiresAtMs) })
    },
  )
}

function listRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/operators',
      id: 'listOperators',
      tag,
      role: 'admin',
      summary: 'Operators, by name',
      filters: {},
      item: operator,
    },
    async (_wanted, page) => renderPage(await core.operators.list(page), wireOperator),
  )
}

/** `PATCH /operators/{name}`: a role counts from the next request on. */
function changeRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'PATCH',
      path: '/operators/:name',
      id: 'updateOperator',
      tag,
      role: 'admin',
      summary: 'Change an operator’s role or password',
      description: 'A new password ends every session of the operator.',
      headers: preferring,
      body: strict<OperatorPatch>({ role: optional(roleWord), password: optional(secretText) }),
      responses: { 200: { description: 'The operator as changed', schema: operatorChanged } },
    },
    async (call, { actor }) => {
      const by = { actor, wait: call.request.waitForConfirmation }
      const changed = await core.operators.change(call.param('name'), call.body(), by)
      const { operator: now, revoked } = changed
      return call.json(
        200,
        { operator: wireOperator(now), revoked: wireEnded(revoked) },
        defined({ receipt: revoked?.receipt }),
      )
    },
  )
}

/** `DELETE /operators/{name}`: ends what the operator has open. */
function removeRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'DELETE',
      path: '/operators/:name',
      id: 'removeOperator',
      tag,
      role: 'admin',
      summary: 'Remove an operator, with their passkeys, and end their sessions',
      headers: preferring,
      responses: ended,
    },
    async (call, { actor }) => {
      const { waitForConfirmation: wait } = call.request
      const removed = await core.operators.remove(call.param('name'), { actor, wait })
      return call.json(wait ? 200 : 202, wireRevoked(removed), { receipt: removed.receipt })
    },
  )
}

function identityOf(
  { subject, email }: { readonly subject: string | undefined; readonly email: string | undefined },
  issuer: string | undefined,
): OperatorIdentity | undefined {
  const value = subject ?? email
  if (value === undefined) return undefined
  const parameter = subject === undefined ? 'email' : 'subject'
  if (issuer === undefined) {
    const reason = 'must not be given: this server has no setting operators.singleSignOn'
    return refuse({ kind: 'invalid_parameter', parameter, reason })
  }
  if (subject !== undefined && email !== undefined) {
    const reason = 'must not be given together with subject'
    return refuse({ kind: 'invalid_parameter', parameter: 'email', reason })
  }
  return subject === undefined
    ? { issuer, claim: 'email', value: value.toLowerCase() }
    : { issuer, claim: 'sub', value }
}

function wrongEmail(text: string): string | undefined {
  return /^[^\s@]+@[^\s@]+$/.test(text) ? undefined : 'must be an e-mail address'
}

function wireOperator({ name, role, identity, createdAtMs }: Operator): WireOperator {
  return {
    name,
    role,
    subject: identity?.claim === 'sub' ? identity.value : null,
    email: identity?.claim === 'email' ? identity.value : null,
    createdAt: time(createdAtMs),
  }
}
