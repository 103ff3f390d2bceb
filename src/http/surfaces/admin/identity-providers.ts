/** `/identity-providers`: the other issuers of the configuration, without anything secret of it. */
import type { KeySetStatus } from '../../../domain/issuer.ts'
import type { WireKeySet } from '../../../protocol/admin-api.ts'
import type { Route } from '../../surface.ts'
import { identityProvider } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { listRouteOf } from './list.ts'
import { pageOfAll } from './page.ts'
import { time } from './wire.ts'

/** Logins that are read of each to count those that are live. */
const MAX_READ = 10_000

/** `GET /identity-providers`: by name. It asks none of them for anything. */
export function identityProviderRoute({ core, node, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/identity-providers',
      id: 'listIdentityProviders',
      tag: 'Identity providers',
      summary: 'The other issuers whose tokens are accepted, as the node that answers knows them',
      filters: {},
      item: identityProvider,
    },
    async (_wanted, page) => {
      const list = {
        name: 'identity-providers',
        items: node.issuers.list(),
        keyOf: ({ issuer }: { readonly issuer: { readonly name: string } }) => issuer.name,
      }
      const { items, next = null } = pageOfAll(list, page)
      const shown = items.map(async ({ issuer: { name, issuer, profile }, keys }) => ({
        name,
        issuer,
        profile,
        keySet: wireKeySet(keys),
        sessions: node.issuers.listsLogins
          ? await core.countForeignSessions({ issuer }, MAX_READ)
          : null,
      }))
      return { items: await Promise.all(shown), next }
    },
  )
}

function wireKeySet({ count, fetchedAtMs, failure }: KeySetStatus): WireKeySet {
  const isUnasked = fetchedAtMs === undefined && failure === undefined
  return {
    state: failure !== undefined ? 'failed' : isUnasked ? 'unasked' : 'fetched',
    keys: count,
    fetchedAt: fetchedAtMs === undefined ? null : time(fetchedAtMs),
    error: failure ?? null,
  }
}
