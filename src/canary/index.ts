/**
 * The canary: a person of its own that is logged in, uses its token as people do, is logged out,
 * and goes on. It owns how that is measured and judged. It knows the server only from outside,
 * through the login page and the admin API, and the services only by their URLs, so that it finds
 * what no replica and no receipt can know of: a server without a guard, a cached yes, a socket that
 * stays.
 */
export { CanaryFailed } from './failed.ts'
export { createCanaryMetrics, serveMetrics } from './metrics.ts'
export { canarySchema, crossProblems, type CanarySettings } from './options.ts'
export { createPerson } from './person.ts'
export { pause, runRound } from './round.ts'
export { summarize, type PathSummary } from './summary.ts'
