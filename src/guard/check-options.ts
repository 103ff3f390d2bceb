import { feedLimits } from '../protocol/feed.ts'
import type { GuardOptions, OnStale } from './options.ts'

const policies: readonly OnStale[] = ['refuse', 'ask', 'allow']

/**
 * Refuses what cannot work before anything is opened: found out later it would end the process, or
 * let in what nobody meant.
 *
 * @throws {TypeError} That names the option.
 */
export function checkOptions(options: GuardOptions): void {
  const { server, credential, name = '', onStale = 'refuse', cacheSize = 0 } = options
  const { askTimeoutMs = 1 } = options
  const { protocol } = URL.canParse(server) ? new URL(server) : { protocol: '' }
  require(protocol === 'http:' || protocol === 'https:', 'server', 'is not an http or https URL')
  require(Boolean(credential), 'credential', 'is empty')
  const nameBytes = new TextEncoder().encode(name).length
  require(nameBytes <= feedLimits.nameBytes, 'name', `is longer than ${feedLimits.nameBytes} bytes`)
  require(policies.includes(onStale), 'onStale', 'is not refuse, ask or allow')
  const isCount = Number.isSafeInteger(cacheSize) && cacheSize >= 0
  require(isCount, 'cacheSize', 'is not a whole number from 0')
  const isTime = Number.isFinite(askTimeoutMs) && askTimeoutMs > 0
  require(isTime, 'askTimeoutMs', 'is not a number above 0')
}

function require(good: boolean, option: keyof GuardOptions, why: string): void {
  if (!good) throw new TypeError(`Cannot create guard: "${option}" ${why}`)
}
