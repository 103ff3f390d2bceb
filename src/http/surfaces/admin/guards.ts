/** `/guards`: credentials of the servers that verify tokens with a guard. */
import { GUARD_DIALECT, GUARD_NAME, mintGuardCredential } from '../../../core/guard-credential.ts'
import { mintId } from '../../../core/mint-id.ts'
import { refuse } from '../../../domain/failure.ts'
import { readBody, readQuery, type TextRule } from './fields.ts'
import { filterPage, pageParameters, readPage, renderPage } from './page.ts'
import { json, pageQuery, type AdminRoute } from './route.ts'
import { bodyOf, bodySchemas, fixed, guardSchema, pageOf, revokedSchema } from './schemas.ts'
import type { DialectContext } from '../../context.ts'
import { wireGuard, wireRevoked } from './wire.ts'

const guardNameRule: TextRule = {
  longest: 64,
  shape: (value) =>
    GUARD_NAME.test(value) ? undefined : 'must be lower-case letters, digits and inner hyphens',
}

export function guardRoutes(context: DialectContext): readonly AdminRoute[] {
  return [addRoute(context), listRoute(context), removeRoute(context)]
}

/**
 * `POST /guards`: a new credential, shown this once. The name of a guard that was removed is free
 * again; the row stays, so that the log keeps its meaning.
 */
function addRoute({ core, clock, random }: DialectContext): AdminRoute {
  return {
    method: 'POST',
    path: '/guards',
    operation: {
      id: 'addGuard',
      tag: 'Guards',
      summary: 'Add a guard and get its credential',
      body: bodyOf({ name: bodySchemas.text }, ['name']),
      answers: {
        201: {
          description: 'The guard; the credential is shown this once',
          schema: fixed({ guard: guardSchema, credential: bodySchemas.text }),
        },
      },
    },
    async act(request) {
      const { name } = readBody(request, (fields) => ({
        name: fields.requiredText('name', guardNameRule),
      }))
      const { credential, secretHash } = mintGuardCredential(random, name)
      const before = await core.clients.find({ by: 'key', dialect: GUARD_DIALECT, value: name })
      if (before !== undefined) {
        if (before.status === 'active') {
          return refuse({ kind: 'conflict', reason: `a guard is named ${name} already` })
        }
        const guard = await core.clients.update(before.id, { secretHash, status: 'active' })
        return json(201, { guard: wireGuard(guard), credential })
      }
      const nowMs = clock.nowMs()
      const guard = {
        id: mintId(random, nowMs),
        name,
        dialect: GUARD_DIALECT,
        key: name,
        secretHash,
        allowlist: [],
        redirectUris: [],
        status: 'active',
        createdAtMs: nowMs,
        attributes: {},
      } as const
      await core.clients.create(guard)
      return json(201, { guard: wireGuard(guard), credential })
    },
  }
}

function listRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/guards',
    operation: {
      id: 'listGuards',
      tag: 'Guards',
      summary: 'Guards that may connect',
      query: pageQuery,
      answers: { 200: { description: 'A page', schema: pageOf(guardSchema) } },
    },
    async act(request) {
      const page = await filterPage(
        (next) => core.clients.list(next),
        ({ dialect, status }) => dialect === GUARD_DIALECT && status === 'active',
        readPage(readQuery(request, pageParameters)),
      )
      return json(200, renderPage(page, wireGuard))
    },
  }
}

/**
 * `DELETE /guards/{name}`: the credential is refused from now on. The removal is a revocation as
 * well, so every node learns of it and can close what the guard has open.
 */
function removeRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'DELETE',
    path: '/guards/:name',
    operation: {
      id: 'removeGuard',
      tag: 'Guards',
      summary: 'Remove a guard',
      answers: { 200: { description: 'It is removed', schema: revokedSchema } },
    },
    async act(request, actor) {
      readQuery(request, [])
      const value = request.params['name'] ?? ''
      const guard = await core.clients.find({ by: 'key', dialect: GUARD_DIALECT, value })
      // One that is removed already is removed again: the call before may have failed half-way.
      if (guard === undefined) return refuse({ kind: 'not_found' })
      await core.clients.update(guard.id, { status: 'disabled' })
      const revoked = await core.revoke({
        scope: 'client',
        key: guard.id,
        reason: 'client_disabled',
        actor,
        wait: request.waitForConfirmation,
      })
      const status = request.waitForConfirmation ? 200 : 202
      return json(status, wireRevoked(revoked), { receipt: revoked.receipt })
    },
  }
}
