/** `/deliveries`: what must be told to others because something ended, and trying it again. */
import { defined } from '../../../domain/defined.ts'
import { deliveryStates } from '../../../protocol/admin-api.ts'
import type { DeliveryFilter } from '../../../protocol/admin-requests.ts'
import type { Route } from '../../surface.ts'
import { choice, optional } from '../../schema.ts'
import { delivery } from './answers.ts'
import type { AdminContext } from './declare.ts'
import { filter } from './inputs.ts'
import { listRouteOf } from './list.ts'
import { renderPage } from './page.ts'
import { wireDelivery } from './wire.ts'

const tag = 'Deliveries'

export function deliveryRoutes(context: AdminContext): readonly Route[] {
  return [listRoute(context), retryRoute(context)]
}

/** `GET /deliveries`: newest first. */
function listRoute({ core, route }: AdminContext): Route {
  return listRouteOf(
    route,
    {
      path: '/deliveries',
      id: 'listDeliveries',
      tag,
      summary: 'Deliveries, newest first',
      filters: {
        state: optional(choice(deliveryStates, { description: 'Only in this state' })),
        receiver: filter('Only to this receiver, such as mvpd:DemoMVPD'),
        revocation: filter('Only because of this revocation'),
      },
      item: delivery,
    },
    async ({ revocation, ...others }: DeliveryFilter, page) => {
      const wanted = { ...others, ...defined({ revocationId: revocation }) }
      return renderPage(await core.listDeliveries(wanted, page), wireDelivery)
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
