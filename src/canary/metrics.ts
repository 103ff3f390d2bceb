import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Counter, Gauge, Registry } from 'prom-client'
import { canaryVerdicts, type NewCanaryReport } from '../protocol/canary.ts'
import type { CanaryPath } from './options.ts'

/** What a canary that runs as a service has seen. */
export interface CanaryMetrics {
  readonly registry: Registry
  observe(report: NewCanaryReport, nowMs: number): void
  countFailedRound(): void
}

export function createCanaryMetrics(paths: readonly CanaryPath[]): CanaryMetrics {
  const registry = new Registry()
  const labelNames = ['path', 'kind'] as const
  const registers = [registry]
  const afterAnswer = new Gauge({
    name: 'outright_canary_last_accepted_seconds',
    help: 'Last round: from the answer of the logout to the last accepted action; negative: before it',
    labelNames,
    registers,
  })
  const afterRequest = new Gauge({
    name: 'outright_canary_last_accepted_after_request_seconds',
    help: 'Last round: from the start of the logout request to the last accepted action',
    labelNames,
    registers,
  })
  const gap = new Gauge({
    name: 'outright_canary_gap_seconds',
    help: 'Last round: how exactly the last accepted action is known',
    labelNames,
    registers,
  })
  const rounds = new Counter({
    name: 'outright_canary_rounds_total',
    help: 'Rounds by what was found of each path',
    labelNames: ['path', 'kind', 'verdict'] as const,
    registers,
  })
  const failed = new Counter({
    name: 'outright_canary_failed_rounds_total',
    help: 'Rounds that could not be run, so that nothing is known of any path',
    registers,
  })
  const lastReport = new Gauge({
    name: 'outright_canary_last_round_timestamp_seconds',
    help: 'When the last round was finished; an alarm on its age sees a canary that has stopped',
    registers,
  })
  for (const { name: path, kind } of paths) {
    // A series that begins with 1 never grew, so no alarm would see the first bad round.
    for (const verdict of canaryVerdicts) rounds.labels({ path, kind, verdict }).inc(0)
  }
  return {
    registry,
    countFailedRound() {
      failed.inc()
    },
    observe(report, nowMs) {
      lastReport.set(nowMs / 1000)
      for (const { name, kind, verdict, ...times } of report.paths) {
        const labels = { path: name, kind }
        rounds.labels({ ...labels, verdict }).inc()
        setOrRemove(afterAnswer, labels, times.afterAnswerMs)
        setOrRemove(afterRequest, labels, times.afterRequestMs)
        setOrRemove(gap, labels, times.gapMs)
      }
    },
  }
}

/** What is not known has no value, rather than that of an earlier round. */
function setOrRemove(
  gauge: Gauge<'path' | 'kind'>,
  labels: { readonly path: string; readonly kind: string },
  ms: number | null,
): void {
  if (ms === null) gauge.remove(labels)
  else gauge.set(labels, ms / 1000)
}

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * Answers `GET /metrics`.
 *
 * @throws {Error} Where it cannot listen there.
 */
export async function serveMetrics(
  registry: Registry,
  host: string,
  port: number,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('see /metrics\n')
      return
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { address, port: bound, family } = server.address() as AddressInfo
  const shown = family === 'IPv6' ? `[${address}]` : address
  return {
    url: `http://${shown}:${String(bound)}/metrics`,
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
      })
    },
  }
}
