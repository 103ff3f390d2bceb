/**
 * A server process for tests that kill it: `node serve-child.ts <data folder> [<lease ms>]`; prints
 * its URL.
 */
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'

const [dataDir = '', lease = '2000'] = process.argv.slice(2)
const config = await loadConfig(
  {},
  {
    demo: true,
    port: 0,
    dataDir,
    leaseMs: Number(lease),
    issuer: 'http://127.0.0.1:8080',
    passwordCost: { memoryKiB: 64, passes: 1 },
    accessLog: false,
    rateLimitFactor: 1_000_000,
  },
)
const { app } = await compose(config, {
  clock: systemClock,
  random: systemRandom(),
  log: silentLog,
  otpSender: { send: () => Promise.resolve() },
})
const url = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`${url}\n`)
