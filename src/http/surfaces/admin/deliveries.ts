/** `/deliveries`: what must be told to others because something ended, and trying it again. */
import { defined } from '../../../domain/defined.ts'
import { deliveryStates } from '../../../protocol/admin-api.ts'
import type { DeliveryFilter } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { choice, optional } from '../../schema.ts'
import { delivery, pageOf } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { filter, listQuery } from './inputs.ts'
import { pageRequest, renderPage } from './page.ts'
import { wireDelivery } from './wire.ts'

const tag = 'Deliveries'

export function deliveryRoutes(context: AdminContext): readonly Route[] {
  return [listRoute(context), retryRoute(context)]
}

/** `GET /deliveries`: newest first. */
function listRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'GET',
      path: '/deliveries',
      id: 'listDeliveries',
      tag,
      role: 'viewer',
      summary: 'Deliveries, newest first',
      query: listQuery<DeliveryFilter>({
        state: optional(choice(deliveryStates, { description: 'Only in this state' })),
        receiver: filter('Only to this receiver, such as mvpd:DemoMVPD'),
        revocation: filter('Only because of this revocation'),
      }),
      responses: { 200: pageOf(delivery) },
    },
    async (call) => {
      const { limit, cursor, revocation, ...others } = call.query()
      const wanted = { ...others, ...defined({ revocationId: revocation }) }
      const page = await core.listDeliveries(wanted, pageRequest({ limit, cursor }))
      return call.json(200, renderPage(page, wireDelivery))
    },
  )
}

/** `POST /deliveries/{id}/retry`: 409 where it has been delivered. */
function retryRoute({ core, route }: AdminContext): Route {
  return route(
    {
      method: 'POST',
      path: '/deliveries/:id/retry',
      id: 'retryDelivery',
      tag,
      role: 'operator',
      summary: 'Try a dead or owed delivery again now',
      responses: { 200: { description: 'The delivery as it is now', schema: delivery } },
    },
    async (call) => call.json(200, wireDelivery(await core.retryDelivery(call.param('id')))),
  )
}
