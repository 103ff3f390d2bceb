/**
 * A resource server in a process of its own, for tests that stop and kill it. It checks one token
 * all the time and writes what it decided and when, on the machine's monotonic clock, which all
 * processes share.
 */
import { createGuard } from '../../src/guard/index.ts'

const [server = '', token = ''] = process.argv.slice(2)
const guard = createGuard({ server, credential: 'outright-demo-guard', name: 'child' })
await guard.ready()
process.stdout.write('ready\n')

for (;;) {
  const began = process.hrtime.bigint()
  const verdict = await guard.check(token)
  process.stdout.write(`${began} ${verdict.ok ? 'ok' : verdict.reason}\n`)
  await new Promise((resolve) => setTimeout(resolve, 2))
}
