/**
 * A node as a process of its own, for tests that kill and freeze it: `node node-child.ts <database
 * URL or folder> <name> <lease ms> <URL of who is told, or nothing>`. Prints its URL when it
 * listens.
 */
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { jsonLog, systemClock, systemRandom } from '../../src/server/system.ts'

import { adminToken } from './node-settings.ts'
import { telling } from './told.ts'

const [database = '', node = '', lease = '2000', toldUrl = ''] = process.argv.slice(2)
const leaseMs = Number(lease)
const config = await loadConfig(
  {},
  {
    demo: true,
    port: 0,
    ...(database.startsWith('postgres') ? { databaseUrl: database } : { dataDir: database }),
    node,
    leaseMs,
    renewMs: leaseMs / 4,
    issuer: 'http://127.0.0.1:8080',
    passwordCost: { memoryKiB: 64, passes: 1 },
    ...(toldUrl === '' ? {} : { receivers: [{ receiver: telling, options: { url: toldUrl } }] }),
    adminToken,
    allowedPrivateAddresses: ['127.0.0.1'],
    accessLog: false,
    rateLimitFactor: 1_000_000,
  },
)
const composition = await compose(config, {
  clock: systemClock,
  random: systemRandom(),
  log: jsonLog((line) => process.stderr.write(line)),
  otpSender: { send: () => Promise.resolve() },
})
const url = await composition.app.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => {
  void composition.close().then(() => process.exit())
})
process.stdout.write(`${url}\n`)
