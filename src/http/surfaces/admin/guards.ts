/** `/guards`: credentials of the servers that verify tokens with a guard. */
import { GUARD_NAME } from '../../../core/guard-credential.ts'
import type { NewGuard } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { strict } from '../../schema.ts'
import { ended, guard, guardAdded } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { singleLine, preferring } from './inputs.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { wireGuard, wireRevoked } from './wire.ts'

const tag = 'Guards'
const guardName = singleLine(64, undefined, (value) =>
  GUARD_NAME.test(value) ? undefined : 'must be lower-case letters, digits and inner hyphens',
)

export function guardRoutes(context: AdminContext): readonly Route[] {
  return [addRoute(context), listRoute(context), removeRoute(context)]
}

/** `POST /guards`: a new credential, shown this once. */
function addRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/guards',
      id: 'addGuard',
      tag,
      role: 'admin',
      summary: 'Add a guard and get its credential',
      body: strict<NewGuard>({ name: guardName }),
      responses: {
        201: { description: 'The guard; the credential is shown this once', schema: guardAdded },
      },
    },
    async (call) => {
      const { guard: added, credential } = await core.addGuard(call.body().name)
      return call.json(201, { guard: wireGuard(added), credential })
    },
  )
}

function listRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/guards',
      id: 'listGuards',
      tag,
      summary: 'Guards that may connect',
      filters: {},
      item: guard,
    },
    async (_wanted, page) => renderPage(await core.listGuards(page), wireGuard),
  )
}

/** `DELETE /guards/{name}`: the credential is refused from now on. */
function removeRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'DELETE',
      path: '/guards/:name',
      id: 'removeGuard',
      tag,
      role: 'admin',
      summary: 'Remove a guard',
      headers: preferring,
      responses: ended,
    },
    async (call, { actor }) => {
      const { waitForConfirmation: wait } = call.request
      const revoked = await core.removeGuard(call.param('name'), { actor, wait })
      return call.json(wait ? 200 : 202, wireRevoked(revoked), { receipt: revoked.receipt })
    },
  )
}
