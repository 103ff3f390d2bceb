/**
 * A resource server with a guard, as a process of its own: `node guard-child.ts <server> <name>`.
 * Prints its URL when it listens. Every request is answered with what `check` says of its bearer
 * token, in one word; `/fresh` with whether the guard holds a lease.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGuard } from '../../src/guard/index.ts'

const [server = '', name = ''] = process.argv.slice(2)
const guard = createGuard({
  server,
  credential: 'outright-demo-guard',
  name,
  audience: 'demo-api',
})

// No check has to come first: it follows from now on, until it is killed.
void guard.ready().catch(() => undefined)

const http = createServer((request, response) => {
  if (request.url === '/fresh') {
    response.end(String(guard.status().fresh))
    return
  }
  const token = request.headers.authorization?.slice('Bearer '.length)
  void guard.check(token).then((verdict) => {
    response.end(verdict.ok ? 'ok' : verdict.reason)
  })
})
http.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://127.0.0.1:${String((http.address() as AddressInfo).port)}\n`)
})
