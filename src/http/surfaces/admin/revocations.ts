/** `/revocations`: ending things, and reading what has ended. */
import type { Receipt } from '../../../domain/receipt.ts'
import { reasons, type Revocation } from '../../../domain/revocation.ts'
import { EVERYONE, hasOneKey, scopes } from '../../../domain/scope.ts'
import { refuse } from '../../../domain/failure.ts'
import type { SessionStatus } from '../../../domain/session.ts'
import {
  requestedScopes,
  type WireDryRun,
  type WireRevocationDetail,
} from '../../../protocol/admin-api.ts'
import { preferredType } from '../../accept.ts'
import type { Answer, DialectRequest } from '../../dialect.ts'
import { keyRule, readBody, readQuery, refuseParameter, type Fields } from './fields.ts'
import {
  type Foreign,
  foreignDryRun,
  readForeign,
  readToken,
  readTokenText,
  wrongForeignKey,
} from './foreign.ts'
import { isKnown, sessionsOf, wrongKey, type Target } from './known.ts'
import { pageParameters, readPage, renderPage } from './page.ts'
import { Problem } from './problem.ts'
import { json, pageQuery, type AdminRoute } from './route.ts'
import {
  bodyOf,
  bodySchemas,
  dryRunSchema,
  pageOf,
  reasonSchema,
  requestedScopeSchema,
  revocationDetailSchema,
  revocationSchema,
  revokedSchema,
} from './schemas.ts'
import type { DialectContext } from '../../context.ts'
import { wireAcknowledgements } from './verifiers.ts'
import { time, wireReceipt, wireRevocation, wireRevoked, wireSession, wireTold } from './wire.ts'

/** Sessions that a dry run shows. */
const SAMPLE_SIZE = 10

const MAX_NOTE_LENGTH = 500

export function revocationRoutes(context: DialectContext): readonly AdminRoute[] {
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
function revokeRoute(context: DialectContext): AdminRoute {
  const { core, clock } = context
  return {
    method: 'POST',
    path: '/revocations',
    operation: {
      id: 'revoke',
      tag: 'Revocations',
      summary: 'End a token, a session, a subject, a client, a grant, a device or everyone',
      description:
        'Answers once every verifier has applied it or can no longer accept anything. `Prefer: respond-async` answers once it is stored. With `dryRun` nothing is stored. `issuer` names another issuer that is configured, by name or by `iss`: then subjects, clients, grants and everyone end up to a second, which `lockSeconds` puts off. `token` is an access token itself, in place of `scope` and `key`.',
      body: bodyOf({
        scope: requestedScopeSchema,
        key: bodySchemas.text,
        issuer: bodySchemas.text,
        lockSeconds: { type: 'integer', minimum: 1, maximum: 2_592_000 },
        token: bodySchemas.text,
        reason: reasonSchema,
        note: bodySchemas.text,
        dryRun: bodySchemas.flag,
        requireKnown: bodySchemas.flag,
      }),
      answers: {
        200: {
          description: 'It had ended before; or what a dry run found',
          schema: { anyOf: [revokedSchema, dryRunSchema] },
        },
        201: { description: 'It has ended, everywhere', schema: revokedSchema },
        202: { description: 'It is stored; the verifiers are being told', schema: revokedSchema },
      },
    },
    async act(request, actor) {
      const read = readRevocation(context, request)
      const { reason, note, dryRun, requireKnown } = read
      const { target, foreign } =
        read.token === undefined ? read : await readToken(context, read.token)
      const wait = request.waitForConfirmation
      if (foreign !== undefined) {
        if (dryRun) return json(200, foreignDryRun(foreign, target, clock.nowMs()))
        const end = { ...foreign, ...target, reason, note, actor, wait }
        const revoked = await core.revokeForeign(end)
        const told = await core.revocations.told(revoked.revocation, revoked.added)
        return revokedAnswer(revoked.added ? 201 : 200, wait, revoked, told)
      }
      if (dryRun) return json(200, await tryOut({ core, clock }, target))
      if (requireKnown && !(await isKnown(core, target))) {
        throw new Problem('nothing-matched', `no ${target.scope} is known by this key`)
      }
      const revoked = await core.revoke({ ...target, reason, note, actor, wait })
      return revokedAnswer(revoked.added ? 201 : 200, wait, revoked)
    },
  }
}

function readRevocation(context: DialectContext, request: DialectRequest) {
  return readBody(request, (fields) => {
    const token = readTokenText(fields)
    return {
      token,
      ...(token === undefined ? readTarget(context, fields) : noTarget(fields)),
      reason: fields.choice('reason', reasons) ?? 'revoked_by_operator',
      note: fields.text('note', { longest: MAX_NOTE_LENGTH }) ?? '',
      dryRun: fields.flag('dryRun'),
      requireKnown: fields.flag('requireKnown'),
    }
  })
}

interface Named {
  readonly target: Target
  readonly foreign: Foreign | undefined
}

function readTarget(context: DialectContext, fields: Fields): Named {
  const scope = fields.requiredChoice('scope', requestedScopes)
  const given = fields.text('key', keyRule)
  const target: Target = { scope, key: given ?? (hasOneKey(scope) ? EVERYONE : '') }
  const foreign = readForeign(context, fields, target)
  if (given !== undefined || !fields.has('key')) {
    const wrong = foreign === undefined ? wrongKey(target) : wrongForeignKey(target)
    if (wrong !== undefined) fields.complain('key', wrong)
  }
  return { target, foreign }
}

/** With a token, which says itself what it names. */
function noTarget(fields: Fields): Named {
  for (const name of ['scope', 'key', 'issuer', 'lockSeconds']) {
    if (fields.has(name)) fields.complain(name, 'does not go with token')
  }
  return { target: { scope: 'token', key: '' }, foreign: undefined }
}

function revokedAnswer(
  status: number,
  waited: boolean,
  ...revokedAndTold: Parameters<typeof wireRevoked>
): Answer {
  const [revoked] = revokedAndTold
  return json(waited ? status : 202, wireRevoked(...revokedAndTold), {
    receipt: revoked.receipt,
    headers: { location: `revocations/${encodeURIComponent(revoked.revocation.id)}` },
  })
}

/** What would end, without ending it. */
async function tryOut(
  { core, clock }: Pick<DialectContext, 'core' | 'clock'>,
  target: Target,
): Promise<WireDryRun> {
  const nowMs = clock.nowMs()
  const [known, live] = await Promise.all([isKnown(core, target), liveSessions()])
  return {
    dryRun: true,
    ...target,
    issuer: '',
    cutoff: null,
    known,
    sessions: live.count,
    tokensValidUntil: live.untilMs === undefined ? null : time(live.untilMs),
    sample: live.sample.map(wireSession),
  }

  async function liveSessions(): Promise<{
    readonly count: number
    readonly sample: readonly SessionStatus[]
    readonly untilMs: number | undefined
  }> {
    if (target.scope === 'session') {
      const status = await core.sessions.status(target.key)
      if (status?.state !== 'live') return { count: 0, sample: [], untilMs: undefined }
      const { accessLifetimeMs, expiresAtMs } = status.session
      const untilMs = Math.min(nowMs + accessLifetimeMs, expiresAtMs)
      return { count: 1, sample: [status], untilMs }
    }
    const filter = sessionsOf(target)
    if (filter === undefined) return { count: 0, sample: [], untilMs: await lastExpiryMs() }
    const living = { ...filter, liveAtMs: nowMs }
    const [count, page] = await Promise.all([
      core.sessions.count(living),
      core.sessions.list(living, { limit: SAMPLE_SIZE, cursor: undefined }),
    ])
    const untilMs = count === 0 ? undefined : await lastExpiryMs()
    return { count, sample: page.items, untilMs }
  }

  async function lastExpiryMs(): Promise<number> {
    return Math.max(nowMs, await core.sessions.lastAccessExpiryMs())
  }
}

/** `GET /revocations`: newest first. */
function listRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/revocations',
    operation: {
      id: 'listRevocations',
      tag: 'Revocations',
      summary: 'What has ended, newest first',
      query: {
        ...pageQuery,
        scope: 'Only this scope',
        key: 'Only this key',
        reason: 'Only this reason',
      },
      answers: { 200: { description: 'A page', schema: pageOf(revocationSchema) } },
    },
    async act(request) {
      const query = readQuery(request, [...pageParameters, 'scope', 'key', 'reason'])
      const scope = scopes.find((one) => one === query.scope)
      const reason = reasons.find((one) => one === query.reason)
      if (query.scope !== undefined && scope === undefined) {
        return refuseParameter('scope', `must be one of ${scopes.join(', ')}`)
      }
      if (query.reason !== undefined && reason === undefined) {
        return refuseParameter('reason', `must be one of ${reasons.join(', ')}`)
      }
      const filter = {
        ...(scope === undefined ? {} : { scope }),
        ...(query.key === undefined ? {} : { key: query.key }),
        ...(reason === undefined ? {} : { reason }),
      }
      const page = await core.revocations.list(filter, readPage(query))
      return json(200, renderPage(page, wireRevocation))
    },
  }
}

/** What is not in the log: cut from it, or never there. */
async function missing(core: DialectContext['core'], id: string): Promise<never> {
  const cut = await core.findCut(id)
  if (cut === undefined) return refuse({ kind: 'not_found' })
  throw new Problem(
    'cut-from-the-log',
    `the log was cut at a checkpoint: what is older than ${time(cut.beforeMs)} and over is gone, with its receipt`,
  )
}

/** `GET /revocations/{id}`: one entry, its receipt, and what each verifier said. */
function detailRoute({ core, clock, node }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/revocations/:id',
    operation: {
      id: 'getRevocation',
      tag: 'Revocations',
      summary: 'One revocation with its receipt',
      description:
        'With `Accept: application/jwt` the receipt is a JWT of type `outright-receipt+jwt`, signed with a key of `/.well-known/jwks.json`; 409 while there is no confirmation to sign.',
      answers: { 200: { description: 'The revocation', schema: revocationDetailSchema } },
    },
    async act(request) {
      readQuery(request, [])
      const revocation = await core.revocations.find(request.params['id'] ?? '')
      if (revocation === undefined) return missing(core, request.params['id'] ?? '')
      const receipt = await receiptOf({ core, clock }, revocation)
      const type = preferredType(request.header('accept'), ['application/jwt', 'application/json'])
      if (type === 'application/jwt') {
        const headers = { 'content-type': 'application/jwt', vary: 'Accept' }
        return { status: 200, headers, body: await core.signReceipt(revocation, receipt) }
      }
      const detail: WireRevocationDetail = {
        revocation: wireRevocation(revocation),
        receipt: receipt === undefined ? null : wireReceipt(receipt),
        acknowledgements: wireAcknowledgements(node, revocation.id) ?? null,
        told: (await core.revocations.told(revocation, false)).map(wireTold),
      }
      return json(200, detail, { headers: { vary: 'Accept' } })
    },
  }
}

/** How often, and after how many milliseconds each, it looks again whether an entry is confirmed. */
const LOOKS = 5
const LOOK_AFTER_MS = 20

/**
 * The receipt as it is known in a moment: a node that did not write the entry has to ask the others
 * first, which takes milliseconds where it is confirmed.
 */
async function receiptOf(
  { core, clock }: Pick<DialectContext, 'core' | 'clock'>,
  revocation: Revocation,
): Promise<Receipt | undefined> {
  let receipt = core.revocations.receipt(revocation)
  for (let look = 0; look < LOOKS && receipt?.confirmed === false; look++) {
    await new Promise<void>((resolve) => clock.after(LOOK_AFTER_MS, resolve))
    receipt = core.revocations.receipt(revocation)
  }
  return receipt
}
