import { Counter, Gauge, type Registry } from 'prom-client'
import type { Clock } from '../../ports/clock.ts'
import { recent } from '../../http/recent.ts'
import type { DeliveryCounts, DeliveryStore, SettleCommand } from '../../ports/delivery.ts'

/** How old the count of what is owed may be, milliseconds: to count it again is not for free. */
const COUNT_EVERY_MS = 10_000

/**
 * What nodes count and the database knows of deliveries. Every node shows the same gauges:
 * aggregate them with `max`, not `sum`.
 *
 * @returns What counts an attempt of this node. Receivers are those of the configuration, so few.
 */
export function deliveryMetrics(
  registry: Registry,
  store: Pick<DeliveryStore, 'countDeliveries'>,
  clock: Clock,
): (receiver: string, state: SettleCommand['state']) => void {
  const attempts = new Counter({
    name: 'outright_delivery_attempts_total',
    help: 'Delivery attempts of this node, by the state of the delivery afterwards; owed: will be retried',
    labelNames: ['receiver', 'state'],
    registers: [registry],
  })
  // Undefined while the database does not answer, which other metrics say.
  const counts = recent(clock, COUNT_EVERY_MS, () => store.countDeliveries().catch(() => undefined))
  const gauge = (name: string, help: string, value: (of: DeliveryCounts) => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const counted = await counts()
        if (counted === undefined) this.reset()
        else this.set(value(counted))
      },
    })
  }
  gauge('outright_deliveries_owed', 'Deliveries that are owed, of all nodes', ({ owed }) => owed)
  gauge(
    'outright_deliveries_dead',
    'Deliveries that were given up and have not been retried, of all nodes',
    ({ dead }) => dead,
  )
  gauge(
    'outright_delivery_oldest_owed_seconds',
    'For how long the oldest delivery that is owed has been owed',
    ({ oldestOwedAtMs }) =>
      oldestOwedAtMs === undefined ? 0 : Math.max(0, clock.nowMs() - oldestOwedAtMs) / 1000,
  )
  return (receiver, state) => {
    attempts.labels(receiver, state).inc()
  }
}
