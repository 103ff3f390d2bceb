/** What a guard needs of the runtime, and where that has to be looked for. */

/** The way to Node's modules that needs no import, which other runtimes would have to resolve. */
interface ProcessOfNode {
  readonly versions?: { readonly node?: string }
  readonly getBuiltinModule?: (name: 'node:module') => {
    readonly createRequire: (from: string) => (name: string) => unknown
  }
}

/**
 * The runtime's WebSocket. Node has none before 22: there it is that of the package `ws`, where
 * that is installed.
 */
export function webSocketOfRuntime(): typeof WebSocket | undefined {
  return globalThis.WebSocket ?? webSocketOfPackage()
}

function webSocketOfPackage(): typeof WebSocket | undefined {
  const { getBuiltinModule } = processOfNode()
  if (!getBuiltinModule) return undefined
  try {
    const require = getBuiltinModule('node:module').createRequire(import.meta.url)
    return (require('ws') as { readonly WebSocket: typeof WebSocket }).WebSocket
  } catch {
    return undefined
  }
}

/**
 * Refuses a runtime on which a guard would fail later, outside of any call to it.
 *
 * @param opensFeed Whether the guard opens its feed by itself.
 * @throws {TypeError} That names the runtime and what it lacks.
 */
export function checkRuntime(opensFeed: boolean): void {
  const lacks = (what: string, instead: string): void => {
    throw new TypeError(`Cannot create guard: ${runtimeName()} has no ${what}. ${instead}`)
  }
  const newer = 'Use Node 20.19 or newer, or a runtime with web standards'
  if (typeof globalThis.fetch !== 'function') lacks('fetch', newer)
  if (typeof globalThis.crypto?.subtle !== 'object') lacks('Web Crypto', newer)
  if (typeof URL.canParse !== 'function') lacks('URL.canParse', newer)
  if (opensFeed && !webSocketOfRuntime()) {
    lacks('WebSocket', 'Install the package "ws" beside it, or use Node 22 or newer')
  }
}

function runtimeName(): string {
  const { versions } = processOfNode()
  const { navigator } = globalThis as { navigator?: { readonly userAgent?: string } }
  if (navigator?.userAgent) return navigator.userAgent
  return versions?.node === undefined ? 'This runtime' : `Node ${versions.node}`
}

function processOfNode(): ProcessOfNode {
  return (globalThis as { process?: ProcessOfNode }).process ?? {}
}
