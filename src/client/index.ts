/**
 * `outright/client`: the admin API of an Outright server as typed methods. It owns the calls and
 * the reading of their answers; it needs nothing but `fetch`, so it runs in Node, Deno, Bun and
 * browsers.
 */
export {
  createClient,
  type BackupDownload,
  type OutrightClient,
  type RevokeRequest,
} from './client.ts'
export { watchSessionTabs, type SessionTabs, type SessionTabsOptions } from './browser.ts'
export { ApiError, ConnectionError } from './errors.ts'
export type { EventOptions, RevocationEvent } from './events.ts'
export type { List, ListOptions } from './pages.ts'
export type { ClientOptions } from './transport.ts'
export * from '../protocol/admin-api.ts'
export * from '../protocol/admin-requests.ts'
export * from '../protocol/canary.ts'
export { isolated } from '../protocol/isolated.ts'
