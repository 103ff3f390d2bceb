/** `/revocations`: ending things, and reading what has ended. */
import { defined } from '../../../domain/defined.ts'
import type { Receipt } from '../../../domain/receipt.ts'
import { reasons, type Revocation } from '../../../domain/revocation.ts'
import { EVERYONE, hasOneKey, scopes } from '../../../domain/scope.ts'
import { refuse } from '../../../domain/failure.ts'
import { MAX_TOKEN_CHARS } from '../../../verifier/claims.ts'
import { requestedScopes } from '../../../protocol/admin-api.ts'
import {
  MAX_LOCK_SECONDS,
  type RevocationFilter,
  type WireRevoke,
} from '../../../protocol/admin-requests.ts'
import { preferredType } from '../../accept.ts'
import type { Route } from '../../surface.ts'
import {
  anyText,
  choice,
  count,
  either,
  flag,
  optional,
  strict,
  type Schema,
} from '../../schema.ts'
import { dryRun, ended, namedRevocation, revocationDetail, revoked } from './answers.ts'
import { requireRole, type AdminContext } from './declare.ts'
import { ownDryRun } from './dry-run.ts'
import { foreignDryRun, readForeign, readToken, type Foreign } from './foreign.ts'
import { filter, singleLine, preferring } from './inputs.ts'
import { isKnown, wrongKey, type Target } from './known.ts'
import { namedInLog, wireNamedRevocation } from './named.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { Problem, refuseBody } from './problem.ts'
import { wireAcknowledgements } from './verifiers.ts'
import { time, wireReceipt, wireRevoked, wireTold } from './wire.ts'

const tag = 'Revocations'

const body: Schema<WireRevoke> = strict<WireRevoke>({
  scope: optional(choice(requestedScopes, {})),
  /** Whatever an issuer may use as `jti`, `sid` or `sub`. */
  key: optional(singleLine(512)),
  issuer: optional(singleLine(1024)),
  lockSeconds: optional(count({ minimum: 1, maximum: MAX_LOCK_SECONDS })),
  token: optional(singleLine(MAX_TOKEN_CHARS)),
  reason: optional(choice(reasons, {})),
  note: optional(singleLine(500)),
  dryRun: optional(flag({})),
  requireKnown: optional(flag({})),
})

export function revocationRoutes(context: AdminContext): readonly Route[] {
  return [revokeRoute(context), listRoute(context), detailRoute(context)]
}

/**
 * `POST /revocations`: ends a token, a session, a subject, a client, a grant, a device or everyone.
 *
 * 201 where it ended now, 200 where it had ended before, 202 with `Prefer: respond-async` (RFC
 * 7240, section 4.1): stored, and on its way to the verifiers. `dryRun` stores nothing and says
 * what would end. `requireKnown` refuses what this server has never heard of, so that a typing
 * error is not taken for a logout; without it sessions of other issuers can be ended too.
 */
function revokeRoute(context: AdminContext): Route {
  const { core, route } = context
  return route(
    {
      method: 'POST',
      path: '/revocations',
      id: 'revoke',
      tag,
      role: 'operator',
      summary: 'End a token, a session, a subject, a client, a grant, a device or everyone',
      description:
        'Answers once every verifier has applied it or can no longer accept anything. `Prefer: respond-async` answers once it is stored. With `dryRun` nothing is stored. Everyone, here or at another issuer, is ended by the role `admin` alone. `issuer` names another issuer that is configured, by name or by `iss`: then subjects, clients, grants and everyone end up to a second, which `lockSeconds` puts off. `token` is an access token itself, in place of `scope` and `key`.',
      headers: preferring,
      body,
      responses: {
        200: {
          description: 'It had ended before; or what a dry run found',
          schema: either(revoked, dryRun),
        },
        201: ended[200],
        202: ended[202],
      },
    },
    async (call, caller) => {
      const { actor } = caller
      const wish = call.body()
      const { reason = 'revoked_by_operator', note = '', token } = wish
      const { target, foreign } =
        token === undefined ? readTarget(context, wish) : await readToken(context, token, wish)
      const wait = call.request.waitForConfirmation
      if (wish.dryRun === true) {
        const found =
          foreign === undefined
            ? await ownDryRun(context, target)
            : await foreignDryRun(context, foreign, target)
        return call.json(200, found)
      }
      if (target.scope === 'everyone') requireRole(caller, 'admin')
      if (foreign === undefined && wish.requireKnown === true && !(await isKnown(core, target))) {
        throw new Problem('nothing-matched', `no ${target.scope} is known by this key`)
      }
      const end = { ...target, reason, note, actor, wait }
      const done = await (foreign === undefined
        ? core.revoke(end)
        : core.revokeForeign({ ...foreign, ...end }))
      const told =
        foreign === undefined ? [] : await core.revocations.told(done.revocation, done.added)
      const status = done.added ? 201 : 200
      return call.json(wait ? status : 202, wireRevoked(done, told), {
        receipt: done.receipt,
        headers: { location: `revocations/${encodeURIComponent(done.revocation.id)}` },
      })
    },
  )
}

/** @throws {Problem} Where scope, key and issuer do not go together. */
function readTarget(
  context: AdminContext,
  { scope, key, issuer, lockSeconds }: WireRevoke,
): { readonly target: Target; readonly foreign: Foreign | undefined } {
  if (scope === undefined) return refuseBody({ scope: 'is missing' })
  const target: Target = { scope, key: key ?? (hasOneKey(scope) ? EVERYONE : '') }
  if (issuer === undefined) {
    const wrong = wrongKey(target)
    const complaints = {
      ...(lockSeconds === undefined ? {} : { lockSeconds: 'goes with issuer only' }),
      ...defined({ key: wrong }),
    }
    if (Object.keys(complaints).length > 0) refuseBody(complaints)
    return { target, foreign: undefined }
  }
  return { target, foreign: readForeign(context, target, issuer, lockSeconds) }
}

/** `GET /revocations`: newest first. */
function listRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/revocations',
      id: 'listRevocations',
      tag,
      summary: 'What has ended, newest first',
      filters: {
        scope: optional(choice(scopes, { description: 'Only this scope' })),
        key: filter('Only this key'),
        reason: optional(choice(reasons, { description: 'Only this reason' })),
      },
      item: namedRevocation,
    },
    async (wanted: RevocationFilter, page) => {
      const found = await core.revocations.list(wanted, page)
      const names = await core.findNames(namedInLog(found.items))
      return renderPage(found, (one) => wireNamedRevocation(one, names))
    },
  )
}

/** `GET /revocations/{id}`: one entry, its receipt, and what each verifier said. */
function detailRoute({ core, clock, node, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/revocations/:id',
      id: 'getRevocation',
      tag,
      role: 'viewer',
      summary: 'One revocation with its receipt',
      description:
        'With `Accept: application/jwt` the receipt is a JWT of type `outright-receipt+jwt`, signed with a key of `/.well-known/jwks.json`; 409 while there is no confirmation to sign.',
      headers: strict<{ readonly accept?: string }>({
        accept: optional(anyText({ description: '`application/jwt`: the receipt, signed' })),
      }),
      responses: {
        200: {
          description: 'The revocation',
          schema: revocationDetail,
          alsoType: 'application/jwt',
        },
      },
    },
    async (call) => {
      const id = call.param('id')
      const found = await core.revocations.find(id)
      if (found === undefined) return missing(core, id)
      const receipt = await receiptOf({ core, clock }, found)
      const type = preferredType(call.header('accept'), ['application/jwt', 'application/json'])
      if (type === 'application/jwt') {
        const headers = { 'content-type': 'application/jwt', vary: 'Accept' }
        return { status: 200, headers, body: await core.signReceipt(found, receipt) }
      }
      const detail = {
        revocation: wireNamedRevocation(found, await core.findNames(namedInLog([found]))),
        receipt: receipt === undefined ? null : wireReceipt(receipt),
        acknowledgements: wireAcknowledgements(node, id) ?? null,
        told: (await core.revocations.told(found, false)).map(wireTold),
      }
      return call.json(200, detail, { headers: { vary: 'Accept' } })
    },
  )
}

/** What is not in the log: cut from it, or never there. */
async function missing(core: AdminContext['core'], id: string): Promise<never> {
  const cut = await core.findCut(id)
  if (cut === undefined) return refuse({ kind: 'not_found' })
  throw new Problem(
    'cut-from-the-log',
    `the log was cut at a checkpoint: what is older than ${time(cut.beforeMs)} and over is gone, with its receipt`,
  )
}

/** How often, and after how many milliseconds each, it looks again whether an entry is confirmed. */
const LOOKS = 5
const LOOK_AFTER_MS = 20

/**
 * The receipt as it is known in a moment: a node that did not write the entry has to ask the others
 * first, which takes milliseconds where it is confirmed.
 */
async function receiptOf(
  { core, clock }: Pick<AdminContext, 'core' | 'clock'>,
  revocation: Revocation,
): Promise<Receipt | undefined> {
  let receipt = core.revocations.receipt(revocation)
  for (let look = 0; look < LOOKS && receipt?.confirmed === false; look++) {
    await new Promise<void>((resolve) => clock.after(LOOK_AFTER_MS, resolve))
    receipt = core.revocations.receipt(revocation)
  }
  return receipt
}
