/** `/verifiers`, `/keys`, `/caller` and `/dialects`: the installation itself. */
import type { KnownKey } from '../../../core/keys.ts'
import type { WireDialect, WireVerifier } from '../../../protocol/admin-api.ts'
import type { DialectView } from '../../node-view.ts'
import type { Route } from '../../surface.ts'
import { caller, ended, keyRotated, signingKey, verifier } from './answers.ts'
import { answer, anyText, flag } from '../../schema.ts'
import type { AdminContext } from './declare.ts'
import { preferring } from './inputs.ts'
import { listRouteOf } from './list.ts'
import { pageOfAll, renderPage } from './page.ts'
import { wireVerifiers } from './verifiers.ts'
import { wireKey, wireRevoked } from './wire.ts'

export function systemRoutes(context: AdminContext): readonly Route[] {
  return [
    verifiersRoute(context),
    keysRoute(context),
    rotateRoute(context),
    removeKeyRoute(context),
    callerRoute(context),
    dialectsRoute(context),
  ]
}

/** `GET /verifiers`: every node and guard that a confirmation waits for, nodes first. */
function verifiersRoute({ node, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/verifiers',
      id: 'listVerifiers',
      tag: 'Verifiers',
      summary: 'Every node and guard, its lease, its lag and how far behind it is',
      filters: {},
      item: verifier,
    },
    (_wanted, page) => {
      const list = {
        name: 'verifiers',
        items: wireVerifiers(node),
        keyOf: ({ kind, name, id }: WireVerifier) => `${kind === 'node' ? 0 : 1} ${name} ${id}`,
      }
      return renderPage(pageOfAll(list, page), (one) => one)
    },
  )
}

/** `GET /keys`: what signs, and what still verifies. Never a private part. */
function keysRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/keys',
      id: 'listKeys',
      tag: 'Keys',
      summary: 'Signing keys, newest first, without their private parts',
      filters: {},
      item: signingKey,
    },
    async (_wanted, page) => {
      const list = {
        name: 'keys',
        items: await core.keys.list(),
        keyOf: ({ createdAtMs, kid }: KnownKey) =>
          `${String(Number.MAX_SAFE_INTEGER - createdAtMs)} ${kid}`,
      }
      return renderPage(pageOfAll(list, page), wireKey)
    },
  )
}

/** `POST /keys/rotate`: a new key signs; the old ones verify until their last token has expired. */
function rotateRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/keys/rotate',
      id: 'rotateKeys',
      tag: 'Keys',
      role: 'admin',
      summary: 'Make a new key sign',
      responses: { 201: { description: 'The id of the new key', schema: keyRotated } },
    },
    async (call) => {
      const { kid } = await core.keys.rotate()
      return call.json(201, { kid })
    },
  )
}

/**
 * `DELETE /keys/{kid}`: for a key that may have leaked. What it signed ends with a revocation,
 * which every verifier has confirmed when the answer comes. 202 with `Prefer: respond-async`.
 */
function removeKeyRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'DELETE',
      path: '/keys/:kid',
      id: 'removeKey',
      tag: 'Keys',
      role: 'admin',
      summary: 'Remove a key, and end every token that it signed or will sign',
      description:
        'Answers once no verifier accepts what it signs. Where the key signs, a new one takes its place first, which takes three seconds. Sessions go on: a refresh token gets an access token that the new key signs.',
      headers: preferring,
      responses: ended,
    },
    async (call, { actor }) => {
      const { waitForConfirmation: wait } = call.request
      const revoked = await core.removeKey({ kid: call.param('kid'), actor, wait })
      return call.json(wait ? 200 : 202, wireRevoked(revoked), { receipt: revoked.receipt })
    },
  )
}

/** `GET /caller`: the effect of the setting `trustedProxies`. */
function callerRoute({ node, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/caller',
      id: 'showCaller',
      tag: 'Caller',
      role: 'viewer',
      summary: 'The address that this node takes the caller to have, behind the proxies it trusts',
      description:
        '`ignored` counts the requests since the start whose `X-Forwarded-For` or `Forwarded` was not believed, `ignoredFrom` is the first peer that sent one; `unreadable` counts those of trusted proxies that named no address.',
      responses: { 200: { description: 'The address', schema: caller } },
    },
    (call) => {
      const { ignoredFrom = null, ignored, unreadable } = node.addressNotices()
      const address = call.request.clientAddress
      return call.json(200, { address, ignoredFrom, ignored, unreadable })
    },
  )
}

const dialect = answer<WireDialect>(
  { name: anyText(), title: anyText(), ofClients: flag({}) },
  { name: 'Dialect' },
)

/** `GET /dialects`: which APIs sessions and clients can be of. */
function dialectsRoute({ node, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/dialects',
      id: 'listDialects',
      tag: 'Dialects',
      summary: 'The APIs of sessions and clients, with their titles',
      filters: {},
      item: dialect,
    },
    (_wanted, page) => {
      const list = {
        name: 'dialects',
        items: node.dialects,
        keyOf: ({ title, name }: DialectView) => `${title} ${name}`,
      }
      return renderPage(pageOfAll(list, page), (one) => one)
    },
  )
}
