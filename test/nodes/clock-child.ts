/**
 * A server with a dialect of its own, whose tokens live for 30 days, as a process of its own: `node
 * clock-child.ts <data folder> [<database URL> <name>]`. Prints its URL when it listens.
 */
import { acme } from '../../examples/acme-dialect.ts'
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { jsonLog, systemClock, systemRandom } from '../../src/server/system.ts'

const [dataDir = '', databaseUrl, node] = process.argv.slice(2)

const config = await loadConfig(
  {},
  {
    demo: true,
    port: 0,
    dataDir,
    ...(databaseUrl === undefined || node === undefined ? {} : { databaseUrl, node }),
    issuer: 'http://127.0.0.1:8080',
    passwordCost: { memoryKiB: 64, passes: 1 },
    accessLog: false,
    customDialects: [{ dialect: acme, options: { accessLifetimeMs: 30 * 86_400_000 } }],
  },
)
const { app } = await compose(config, {
  clock: systemClock,
  random: systemRandom(),
  log: jsonLog((line) => process.stderr.write(line)),
  otpSender: { send: () => Promise.resolve() },
  // All 256 sub-tables within three seconds.
  sweepingTimes: { sweepEveryMs: 1_000, forgetEveryMs: 10 },
})
process.stdout.write(`${await app.listen({ host: '127.0.0.1', port: 0 })}\n`)
