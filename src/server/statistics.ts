import type { Registry } from 'prom-client'
import type { NodeStatistics } from '../http/node-view.ts'

interface Sample {
  readonly value: number
  readonly labels: Readonly<Record<string, string | number | undefined>>
  readonly metricName?: string
}

/** What the instruments of a node show: nothing is counted here a second time. */
export async function readStatistics(registry: Registry): Promise<NodeStatistics> {
  const samples = async (name: string): Promise<readonly Sample[]> => {
    const metric = registry.getSingleMetric(name)
    if (metric === undefined) throw new Error(`there is no metric ${name}`)
    const { values } = await metric.get()
    return values
  }
  const value = async (name: string): Promise<number | undefined> => (await samples(name))[0]?.value
  const confirmation = await samples('outright_confirmation_seconds')
  const totalOf = (ending: string): number =>
    confirmation.find(({ metricName = '' }) => metricName.endsWith(ending))?.value ?? 0
  const [owed, dead, oldestOwedSeconds] = await Promise.all([
    value('outright_deliveries_owed'),
    value('outright_deliveries_dead'),
    value('outright_delivery_oldest_owed_seconds'),
  ])
  const byScope: Record<string, number> = {}
  for (const { labels, value: count } of await samples('outright_revocations_total')) {
    const scope = String(labels['scope'])
    byScope[scope] = (byScope[scope] ?? 0) + count
  }
  return {
    startedAtMs: ((await value('outright_process_start_time_seconds')) ?? 0) * 1000,
    isCurrent: (await value('outright_node_current')) === 1,
    confirmation: {
      count: totalOf('_count'),
      sumMs: Math.round(totalOf('_sum') * 1000),
      lapsed: (await value('outright_lapsed_verifiers_total')) ?? 0,
      buckets: confirmation
        .filter(({ labels }) => labels['le'] !== undefined)
        .map(({ labels: { le }, value: count }) => ({
          upToSeconds: le === '+Inf' ? null : Number(le),
          count,
        })),
    },
    revocations: byScope,
    replicaEntries: (await value('outright_replica_entries')) ?? 0,
    guardConnections: (await value('outright_guard_connections')) ?? 0,
    clockLeadMs: Math.round(((await value('outright_clock_lead_seconds')) ?? 0) * 1000),
    deliveries:
      owed === undefined || dead === undefined
        ? undefined
        : { owed, dead, oldestOwedMs: Math.round((oldestOwedSeconds ?? 0) * 1000) },
  }
}
