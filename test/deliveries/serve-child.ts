/**
 * A server process for tests that kill it: `node serve-child.ts <data folder> <database URL or ->
 * <node> <provider URL>`; prints its URL. Its provider has a Temp Pass, which is a login in one
 * call.
 */
import { compose } from '../../src/server/compose.ts'
import { loadConfig } from '../../src/server/config.ts'
import { silentLog, systemClock, systemRandom } from '../../src/server/system.ts'
import { childConfig } from './child-config.ts'

const [dataDir = '', databaseUrl = '-', node = '', providerUrl = ''] = process.argv.slice(2)
const config = await loadConfig({}, childConfig({ dataDir, databaseUrl, node, providerUrl }))
const { app } = await compose(config, {
  clock: systemClock,
  random: systemRandom(),
  log: silentLog,
  otpSender: { send: () => Promise.resolve() },
})
const url = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`${url}\n`)
