import type { ConfigFile } from '../../src/server/config.ts'
import { SECRET } from './provider.ts'

export interface ChildOptions {
  readonly dataDir: string
  /** `-` for SQLite. */
  readonly databaseUrl: string
  readonly node: string
  readonly providerUrl: string
}

export function childConfig({
  dataDir,
  databaseUrl,
  node,
  providerUrl,
}: ChildOptions): ConfigFile & { readonly dataDir: string; readonly port: number } {
  const provider = {
    id: 'DemoMVPD',
    displayName: 'Cable',
    logout: { kind: 'message', url: providerUrl } as const,
    secret: SECRET,
    temporaryPassMs: 3_600_000,
  }
  return {
    demo: true,
    port: 0,
    dataDir,
    // No lease of a node ends because the machine is busy.
    ...(databaseUrl === '-' ? {} : { databaseUrl, leaseMs: 20_000 }),
    ...(node === '' ? {} : { node }),
    issuer: 'http://127.0.0.1:8080',
    passwordCost: { memoryKiB: 64, passes: 1 },
    accessLog: false,
    rateLimitFactor: 1_000_000,
    dialects: { adobePass: { options: { mvpds: [provider] } } },
  }
}
