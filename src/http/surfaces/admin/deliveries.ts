/** `/deliveries`: what must be told to others because something ended, and trying it again. */
import { deliveryStates } from '../../../domain/delivery.ts'
import { readQuery, refuseParameter } from './fields.ts'
import { pageParameters, readPage, renderPage } from './page.ts'
import { json, pageQuery, type AdminRoute } from './route.ts'
import { deliverySchema, pageOf } from './schemas.ts'
import type { DialectContext } from '../../context.ts'
import { wireDelivery } from './wire.ts'

export function deliveryRoutes(context: DialectContext): readonly AdminRoute[] {
  return [listRoute(context), retryRoute(context)]
}

/** `GET /deliveries`: newest first. */
function listRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'GET',
    path: '/deliveries',
    operation: {
      id: 'listDeliveries',
      tag: 'Deliveries',
      summary: 'Deliveries, newest first',
      query: {
        ...pageQuery,
        state: `Only in this state: ${deliveryStates.join(', ')}`,
        receiver: 'Only to this receiver, such as mvpd:DemoMVPD',
      },
      answers: { 200: { description: 'A page', schema: pageOf(deliverySchema) } },
    },
    async act(request) {
      const query = readQuery(request, [...pageParameters, 'state', 'receiver'])
      const state = deliveryStates.find((one) => one === query.state)
      if (query.state !== undefined && state === undefined) {
        return refuseParameter('state', `must be one of ${deliveryStates.join(', ')}`)
      }
      const filter = {
        ...(state === undefined ? {} : { state }),
        ...(query.receiver === undefined ? {} : { receiver: query.receiver }),
      }
      const page = await core.listDeliveries(filter, readPage(query))
      return json(200, renderPage(page, wireDelivery))
    },
  }
}

/** `POST /deliveries/{id}/retry`: 409 where it has been delivered. */
function retryRoute({ core }: DialectContext): AdminRoute {
  return {
    method: 'POST',
    path: '/deliveries/:id/retry',
    operation: {
      id: 'retryDelivery',
      tag: 'Deliveries',
      summary: 'Try a dead or owed delivery again now',
      answers: { 200: { description: 'The delivery as it is now', schema: deliverySchema } },
    },
    async act(request) {
      readQuery(request, [])
      return json(200, wireDelivery(await core.retryDelivery(request.params['id'] ?? '')))
    },
  }
}
