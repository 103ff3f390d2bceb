/**
 * A server process for tests that kill it: `node serve-child.ts <data folder> <issuer> <lease ms>
 * <port>`; 0 is any port. Prints its URL.
 */
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'

const [dataDir = '', issuer = '', lease = '', port = '0'] = process.argv.slice(2)
const config = await loadConfig(
  {},
  {
    demo: true,
    port: 0,
    dataDir,
    leaseMs: Number(lease),
    passwordCost: { memoryKiB: 64, passes: 1 },
    accessLog: false,
    rateLimitFactor: 1_000_000,
    issuers: [
      {
        name: 'idp',
        issuer,
        audience: ['orders'],
        claims: { session: ['sid'] },
        logoutClients: ['web'],
      },
    ],
  },
)
const { app } = await compose(config, {
  clock: systemClock,
  random: systemRandom(),
  log: silentLog,
  otpSender: { send: () => Promise.resolve() },
})
const url = await app.listen({ host: '127.0.0.1', port: Number(port) })
process.stdout.write(`${url}\n`)
