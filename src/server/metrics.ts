import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Observe } from '../http/app.ts'
import type { NodeStatistics } from '../http/node-view.ts'
import type { ClientAddresses } from '../http/client-address.ts'
import { reasons } from '../domain/revocation.ts'
import { scopes } from '../domain/scope.ts'
import type { SettleCommand } from '../ports/delivery.ts'
import type { Store } from '../ports/store.ts'
import { deliveryMetrics } from './deliveries/metrics.ts'
import type { Readiness } from './readiness.ts'
import { readStatistics } from './statistics.ts'
import type { Timekeeper } from './timekeeper.ts'
import type { Verification } from './verification.ts'
import type { World } from './world.ts'

/** What a node counts and measures. Labels have few values: never an id, an address or a token. */
export interface Metrics {
  /** What counts and times the requests that one responder answers. */
  readonly requestsOf: Observe
  countDevice(call: string, deviceType: string): void
  readonly countDelivery: (receiver: string, state: SettleCommand['state']) => void
  observeConfirmation(elapsedMs: number, lapsed: number): void
  read(): Promise<NodeStatistics>
  render(): Promise<{ readonly contentType: string; readonly text: string }>
}

/** What a node says of itself. */
export interface NodeFacts {
  readonly store: Pick<Store, 'countDeliveries' | 'onCommitted' | 'stream'>
  readonly verification: Pick<Verification, 'replica' | 'hub'>
  readonly readiness: Readiness
  readonly time: Pick<Timekeeper, 'leadMs' | 'databaseLeadMs'>
  readonly addresses: ClientAddresses
  readonly world: Pick<World, 'clock' | 'lostLogLines'>
}

export function createMetrics(facts: NodeFacts): Metrics {
  const { store, verification, readiness, addresses, time, world } = facts
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'outright_' })
  const revocations = new Counter({
    name: 'outright_revocations_total',
    help: 'Revocations that this node committed',
    labelNames: ['scope', 'reason'],
    registers: [registry],
  })
  // A series that begins with 1 never grew, so no alarm would see the first logout of everyone.
  for (const scope of scopes) for (const reason of reasons) revocations.labels(scope, reason).inc(0)
  // Only what this node wrote, so that the sum over all nodes is what happened.
  store.onCommitted((entries) => {
    for (const { stream: of, scope, reason } of entries) {
      if (of === store.stream) revocations.labels(scope, reason).inc()
    }
  })
  const devices = new Counter({
    name: 'outright_adobe_pass_calls_total',
    help: 'Adobe Pass calls by clientless device type',
    labelNames: ['call', 'cdt'],
    registers: [registry],
  })
  const confirmation = new Histogram({
    name: 'outright_confirmation_seconds',
    help: 'Time from a commit to its confirmation by every verifier',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 2, 2.5, 5],
    registers: [registry],
  })
  const lapsedVerifiers = new Counter({
    name: 'outright_lapsed_verifiers_total',
    help: 'Verifiers whose lease ran out before they acknowledged a revocation',
    registers: [registry],
  })
  new Gauge({
    name: 'outright_replica_entries',
    help: 'Entries in the replica of this node',
    registers: [registry],
    collect() {
      this.set(verification.replica.entries)
    },
  })
  new Gauge({
    name: 'outright_guard_connections',
    help: 'Guards whose feed is open',
    registers: [registry],
    collect() {
      this.set(verification.hub.connections)
    },
  })
  gaugeReadiness(registry, readiness)
  gaugeClocks(registry, time)
  gaugeLostLines(registry, world.lostLogLines ?? (() => 0))
  countAddresses(registry, addresses)
  return {
    requestsOf: requestTimes(registry),
    countDelivery: deliveryMetrics(registry, store, world.clock),
    countDevice(call, deviceType) {
      devices.labels(call, deviceType).inc()
    },
    observeConfirmation(elapsedMs, lapsed) {
      confirmation.observe(elapsedMs / 1000)
      if (lapsed > 0) lapsedVerifiers.inc(lapsed)
    },
    read: () => readStatistics(registry),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

/** What `trustedProxies` and the proxies do not agree on. */
function countAddresses(registry: Registry, addresses: ClientAddresses): void {
  new Counter({
    name: 'outright_forwarded_headers_ignored_total',
    help: 'Requests whose X-Forwarded-For or Forwarded was not believed: not from a trusted proxy',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(addresses.notices.ignored)
    },
  })
  new Counter({
    name: 'outright_forwarded_headers_unreadable_total',
    help: 'Requests of trusted proxies that name the caller by a value that is not an address',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(addresses.notices.unreadable)
    },
  })
}

function gaugeReadiness(registry: Registry, readiness: Readiness): void {
  new Gauge({
    name: 'outright_node_current',
    help: '1 while this node can prove that it knows every revocation, 0 while it accepts nothing',
    registers: [registry],
    collect() {
      this.set(readiness.isCurrent() ? 1 : 0)
    },
  })
  new Gauge({
    name: 'outright_node_stopped',
    help: '1 when this process can never write again: it was replaced, or its database lost commits',
    registers: [registry],
    collect() {
      this.set(readiness.stopped === undefined ? 0 : 1)
    },
  })
}

function gaugeClocks(registry: Registry, time: NodeFacts['time']): void {
  new Gauge({
    name: 'outright_clock_lead_seconds',
    help: 'How far the wall clock is ahead of the time up to which this node dares to forget',
    registers: [registry],
    collect() {
      this.set(time.leadMs() / 1000)
    },
  })
  new Gauge({
    name: 'outright_clock_database_lead_seconds',
    help: "How far the wall clock is ahead of the database's, negative where it is behind",
    registers: [registry],
    collect() {
      this.set((time.databaseLeadMs() ?? 0) / 1000)
    },
  })
}

function gaugeLostLines(registry: Registry, lostLogLines: () => number): void {
  new Gauge({
    name: 'outright_log_lines_lost',
    help: 'Lines of the log that could not be written since this process started',
    registers: [registry],
    collect() {
      this.set(lostLogLines())
    },
  })
}

/**
 * Requests by what was asked and answered, and their times by dialect alone: a series of times has
 * a line for each bucket, and one for every route and status would make most of what is printed.
 * Finding a series by its labels costs more than counting in it, so each is kept.
 */
function requestTimes(registry: Registry): Observe {
  interface Series {
    readonly count: Counter.Internal
    /** Counted here until they are printed: the library looks at the labels each time. */
    uncounted: number
  }
  const all: Series[] = []
  const requests = new Counter({
    name: 'outright_http_requests_total',
    help: 'Requests that were answered',
    labelNames: ['dialect', 'method', 'route', 'status'],
    registers: [registry],
    collect() {
      for (const one of all) {
        one.count.inc(one.uncounted)
        one.uncounted = 0
      }
    },
  })
  const times = new Histogram({
    name: 'outright_http_request_seconds',
    help: 'Time from a request to its answer',
    labelNames: ['dialect'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  })
  return ({ dialect, route }) => {
    const time = times.labels(dialect)
    const begin = (method: string, status: number): Series => {
      const count = requests.labels(dialect, method, route, String(status))
      const one = { count, uncounted: 0 }
      all.push(one)
      return one
    }
    // Methods and statuses are few.
    const methods = new Map<string, Map<number, Series>>()
    return ({ method }, status, elapsedMs) => {
      const statuses = found(methods, method, () => new Map<number, Series>())
      found(statuses, status, () => begin(method, status)).uncounted++
      time.observe(elapsedMs / 1000)
    }
  }
}

function found<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
