/** `/verifiers`, `/keys` and `/caller`: the installation itself. */
import { readQuery } from './fields.ts'
import { json, type AdminRoute } from './route.ts'
import { bodySchemas, fixed, keySchema, pageOf, revokedSchema, verifierSchema } from './schemas.ts'
import type { DialectContext } from '../../context.ts'
import { wireVerifiers } from './verifiers.ts'
import { wireKey, wireRevoked } from './wire.ts'

export function systemRoutes(context: DialectContext): readonly AdminRoute[] {
  return [
    verifiersRoute(context),
    keysRoute(context),
    rotateRoute(context),
    removeKeyRoute(context),
    callerRoute(context),
  ]
}

/** `GET /verifiers`: every node and guard that a confirmation waits for. */
function verifiersRoute({ node }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/verifiers',
    operation: {
      id: 'listVerifiers',
      tag: 'Verifiers',
      summary: 'Every node and guard, its lease, its lag and how far behind it is',
      answers: { 200: { description: 'All of them, on one page', schema: pageOf(verifierSchema) } },
    },
    act(request) {
      readQuery(request, [])
      return json(200, { items: wireVerifiers(node), next: null })
    },
  }
}

/** `GET /keys`: what signs, and what still verifies. Never a private part. */
function keysRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/keys',
    operation: {
      id: 'listKeys',
      tag: 'Keys',
      summary: 'Signing keys, newest first, without their private parts',
      answers: { 200: { description: 'All of them, on one page', schema: pageOf(keySchema) } },
    },
    async act(request) {
      readQuery(request, [])
      const items = (await core.keys.list()).map(wireKey)
      return json(200, { items, next: null })
    },
  }
}

/** `POST /keys/rotate`: a new key signs; the old ones verify until their last token has expired. */
function rotateRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'POST',
    path: '/keys/rotate',
    operation: {
      id: 'rotateKeys',
      tag: 'Keys',
      summary: 'Make a new key sign',
      answers: {
        201: { description: 'The id of the new key', schema: fixed({ kid: bodySchemas.text }) },
      },
    },
    async act(request) {
      readQuery(request, [])
      const { kid } = await core.keys.rotate()
      return json(201, { kid })
    },
  }
}

/**
 * `DELETE /keys/{kid}`: for a key that somebody may have read. What it signed ends with a
 * revocation, which every verifier has confirmed when the answer comes. 202 with `Prefer:
 * respond-async`.
 */
function removeKeyRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'DELETE',
    path: '/keys/:kid',
    operation: {
      id: 'removeKey',
      tag: 'Keys',
      summary: 'Remove a key, and end every token that it signed or will sign',
      description:
        'Answers once no verifier accepts what it signs. Where the key signs, a new one takes its place first, which takes three seconds. Sessions go on: whoever has a refresh token gets an access token that the new key signs.',
      answers: {
        200: { description: 'It is removed, everywhere', schema: revokedSchema },
        202: { description: 'It is stored; the verifiers are being told', schema: revokedSchema },
      },
    },
    async act(request, actor) {
      readQuery(request, [])
      const wait = request.waitForConfirmation
      const kid = request.params['kid'] ?? ''
      const revoked = await core.removeKey({ kid, actor, wait })
      return json(wait ? 200 : 202, wireRevoked(revoked), { receipt: revoked.receipt })
    },
  }
}

/** `GET /caller`: shows whoever sets `trustedProxies` what comes of it. */
function callerRoute({ node }: DialectContext): AdminRoute {
  const schema = fixed({
    address: bodySchemas.text,
    ignoredFrom: bodySchemas.textOrNull,
    ignored: bodySchemas.count,
    unreadable: bodySchemas.count,
  })
  return {
    method: 'GET',
    path: '/caller',
    operation: {
      id: 'showCaller',
      tag: 'Caller',
      summary: 'The address that this node takes the caller to have, behind the proxies it trusts',
      description:
        '`ignored` counts the requests since the start whose `X-Forwarded-For` or `Forwarded` was not believed, `ignoredFrom` is the first peer that sent one; `unreadable` counts those of trusted proxies that named no address.',
      answers: { 200: { description: 'The address', schema } },
    },
    act(request) {
      readQuery(request, [])
      const address = request.clientAddress
      const { ignoredFrom = null, ignored, unreadable } = node.addressNotices()
      return json(200, { address, ignoredFrom, ignored, unreadable })
    },
  }
}
